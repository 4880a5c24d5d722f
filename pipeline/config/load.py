"""Loads the settings from a TOML file, with errors that name key, rule and value."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from volcast.pipeline.config.dates import DATE_RULE, MOMENT_RULE
from volcast.pipeline.config.exogenous import split_entry
from volcast.pipeline.config.settings import (
    NO_VINTAGES,
    SHIPPED_VINTAGES,
    Config,
    section_model,
)
from volcast.pipeline.config.source_defaults import with_source_defaults
from volcast.pipeline.errors import ConfigError

SOURCE_WORD = re.compile(r"[\w-]+")
RULES = {  # pydantic's error types, as rules of this file
    "greater_than": "must be above {gt:g}",
    "greater_than_equal": "must be {ge:g} or more",
    "less_than": "must be below {lt:g}",
    "less_than_equal": "must be {le:,} or less",
    "finite_number": "must be a finite number",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "string_type": "must be text in quotes",
    "date_type": DATE_RULE,
    "datetime_type": MOMENT_RULE,
    "tuple_type": "must be a list in brackets",
    "too_short": "must not be empty",
    "literal_error": "must be {expected}",
    "model_type": "must be a section of keys, as in `volcast config`",
    "value_error": "{error}",
}


def load_config(
    path: Path | None = None, overrides: Mapping[str, Mapping[str, Any]] | None = None
) -> Config:
    """Load the settings of a TOML file.

    Parameters
    ----------
    path
        The file; None for the defaults. Keys that it does not name have their defaults.
    overrides
        Values by section and key that replace those of the file.

    Returns
    -------
    Config
        The settings.

    Raises
    ------
    ConfigError
        The file cannot be read, a key is unknown (the nearest known key is named), or a value
        breaks its rule (key, rule and value are named).

    Examples
    --------
    >>> load_config(None, {"model": {"epochs": 10}}).model.epochs
    10
    """
    values = _read(path) if path is not None else {}
    for section, keys in (overrides or {}).items():
        if isinstance(values.setdefault(section, {}), dict):
            values[section] = {**values[section], **keys}
    try:
        return Config.model_validate(values)
    except ValidationError as error:
        where = f"{path}: " if path is not None else ""
        raise ConfigError(where + _explain(error)) from error


def resolve_settings(config: Config) -> Config:
    """Return the settings as a run or a job records them.

    Paths are absolute, and series and events that follow from the source are named.
    """
    return with_absolute_paths(with_source_defaults(config))


def with_absolute_paths(config: Config) -> Config:
    """Return the settings with absolute paths, so that a run repeats from any folder."""
    given = {key: getattr(config.data, key) for key in ("path", "intraday", "dir")}
    absolute = {key: _to_absolute(path) for key, path in given.items() if path}
    events = tuple(
        _to_absolute(entry) if names_a_path(entry) else entry for entry in config.data.events
    )
    series = map(split_entry, config.data.exogenous)
    exogenous = tuple(f"{name}={_to_absolute(path)}" if path else name for name, path in series)
    lists = {"events": events, "exogenous": exogenous}
    data = config.data.model_copy(update={**absolute, **lists})
    model = config.model
    if model.pretrained not in (SHIPPED_VINTAGES, NO_VINTAGES):
        model = model.model_copy(update={"pretrained": _to_absolute(model.pretrained)})
    return config.model_copy(update={"data": data, "model": model})


def names_a_path(entry: str) -> bool:
    """Return whether an entry of ``data.events`` names a file or folder, not a source.

    The name of a source is one word of letters, digits, ``-`` and ``_``.

    Examples
    --------
    >>> names_a_path("edgar"), names_a_path("earnings.csv"), names_a_path("./earnings")
    (False, True, True)
    """
    return SOURCE_WORD.fullmatch(entry) is None


def known_keys() -> list[str]:
    """Return every section, and every key as ``section.key``."""
    sections = Config.model_fields
    keys = [f"{name}.{key}" for name in sections for key in section_model(name).model_fields]
    return [*sections, *keys]


def _to_absolute(path: str) -> str:
    return str(Path(path).expanduser().absolute())


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(
            f"there is no configuration {path}; `volcast config > {path}` writes the default one"
        ) from error
    except OSError as error:
        raise ConfigError(f"cannot read the configuration {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from error


def _explain(error: ValidationError) -> str:
    """Return the first problem in one line: key, rule, value."""
    first = error.errors()[0]
    key = ".".join(part for part in first["loc"] if isinstance(part, str))
    if first["type"] == "extra_forbidden":
        if len(first["loc"]) == 1 and isinstance(first["input"], dict):
            return _explain_section(key)
        nearest = difflib.get_close_matches(key, known_keys(), n=1, cutoff=0)[0]
        return f"unknown key {key}; the nearest known key is {nearest}"
    rule = RULES.get(first["type"], first["msg"]).format(**first.get("ctx", {}))
    value = first["input"]
    return f"{key} {rule}; got {repr(value) if isinstance(value, str) else value}"


def _explain_section(name: str) -> str:
    sections = list(Config.model_fields)
    near = difflib.get_close_matches(name, sections, n=1)
    hint = f"the nearest is [{near[0]}]; " if near else ""
    known = ", ".join(f"[{section}]" for section in sections)
    return f"unknown section [{name}]; {hint}the sections are {known}"
