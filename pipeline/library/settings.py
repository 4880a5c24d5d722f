"""Settings given by keyword, each under the name that it has in a settings file."""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Collection, Mapping
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np

from volcast.pipeline.config.load import load_config
from volcast.pipeline.config.settings import Config, section_model
from volcast.pipeline.errors import ConfigError

SECTION_OF = {
    key: section for section in Config.model_fields for key in section_model(section).model_fields
}


def build_config(
    settings: Mapping[str, Any],
    base: Config | str | Path | None = None,
    *,
    also: Collection[str] = (),
) -> Config:
    """Return the settings given by keyword, on top of others.

    Parameters
    ----------
    settings
        Values by key, such as ``{"epochs": 10}``; the keys are those of `volcast config`, without
        their section. A single value may stand for a list of one.
    base
        Settings, or a settings file; None: the defaults.
    also
        Further arguments of the calling function, which the nearest name is chosen from too.

    Raises
    ------
    ConfigError
        A key is unknown (the nearest one is named), or a value breaks its rule.

    Examples
    --------
    >>> build_config({"epochs": 10, "tickers": "SPY"}).data.tickers
    ('SPY',)
    """
    sections: dict[str, dict[str, Any]] = {}
    for key, value in settings.items():
        if key not in SECTION_OF:
            raise ConfigError(_explain_unknown(key, also))
        sections.setdefault(SECTION_OF[key], {})[key] = _to_plain(key, value)
    if not isinstance(base, Config):
        return load_config(Path(base) if base is not None else None, sections)
    given = {name: dict(getattr(base, name)) for name in Config.model_fields}
    return load_config(None, {name: given[name] | sections.get(name, {}) for name in given})


def check_sections(settings: Collection[str], sections: Collection[str], function: str) -> None:
    """Raise ``ConfigError`` if a known setting has no effect on `function`."""
    for key in settings:
        if key in SECTION_OF and SECTION_OF[key] not in sections:
            raise ConfigError(
                f"{key} is a setting of [{SECTION_OF[key]}], which {function} does not use; leave "
                "it out, or call volcast.backtest"
            )


def read_clock(now: dt.datetime | None) -> dt.datetime:
    """Return the time that was given, else that of this machine, in UTC.

    Raises
    ------
    ConfigError
        What was given is no moment, or has no timezone.
    """
    if now is None:
        return dt.datetime.now(dt.UTC)
    if not isinstance(now, dt.datetime) or now.tzinfo is None:
        raise ConfigError(
            "now must be a datetime with a timezone, such as "
            f"datetime(2026, 1, 5, 22, tzinfo=UTC); got {now!r}"
        )
    return now


def read_numbers(name: str, value: Any, example: str) -> tuple[float, ...]:
    """Return an argument that is a number or several of them.

    Raises
    ------
    ConfigError
        It is something else.

    Examples
    --------
    >>> read_numbers("level", 80, "[80, 95]")
    (80,)
    """
    numbers = np.atleast_1d(np.asarray(value, dtype=object)).tolist()
    if not all(isinstance(each, Real) for each in numbers):
        raise ConfigError(f"{name} must be numbers, such as {example}; got {value!r}")
    return tuple(numbers)


def _to_plain(key: str, value: Any) -> Any:
    """Return a value as a settings file has it: paths as text, one value as a list of one."""
    if isinstance(value, Path):
        value = str(value)
    elif hasattr(value, "item") and getattr(value, "ndim", 1) == 0:
        value = value.item()  # a number of NumPy
    is_list = isinstance(section_model(SECTION_OF[key]).model_fields[key].default, tuple)
    if is_list and isinstance(value, str | int | float):
        return [value]
    return [str(each) if isinstance(each, Path) else each for each in value] if is_list else value


def _explain_unknown(key: str, also: Collection[str]) -> str:
    if key in Config.model_fields:
        names = ", ".join(section_model(key).model_fields)
        return f"{key} is a section of the settings; name one of its settings: {names}"
    near = difflib.get_close_matches(key, [*also, *SECTION_OF], n=1, cutoff=0)[0]
    return f"there is no setting {key}; the nearest is {near}: `volcast config` prints all of them"
