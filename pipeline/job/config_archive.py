"""The job's settings: hashed, and archived in its home for as long as forecasts refer to them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from volcast.pipeline.backtest.run_folder import CONFIG
from volcast.pipeline.config.load import load_config, resolve_settings
from volcast.pipeline.config.settings import Config
from volcast.pipeline.config.toml import to_toml
from volcast.pipeline.errors import ConfigError, LedgerError
from volcast.pipeline.files import hash_value, write_text
from volcast.pipeline.home import Home
from volcast.pipeline.ledger.ledger import Ledger

RECIPE_SECTIONS = ("target", "features", "split", "model")
# These say where and how far bars are read, not what a model makes of them.
EXCLUDED_DATA_KEYS = {"end", "path", "dir", "as_of", "rate"}
FILE_NAME_DIGITS = 16  # of the hash


def resolve_for_home(config: Config, home: Home) -> Config:
    """Return the settings with absolute paths, and bars stored below the home by default."""
    data = config.data.model_copy(update={"dir": config.data.dir or str(home.bars)})
    return resolve_settings(config.model_copy(update={"data": data}))


def hash_config(config: Config) -> str:
    """Return the hash of all settings that a model depends on."""
    data = config.data.model_dump(mode="json", exclude=EXCLUDED_DATA_KEYS) | {
        "intraday": bool(config.data.intraday)
    }
    return hash_value({"data": data, "recipe": hash_recipe(config)})


def hash_recipe(config: Config) -> str:
    """Return the hash of the settings that define a model, whatever bars it is fitted on."""
    return hash_value(config.model_dump(mode="json", include=set(RECIPE_SECTIONS)))


def load_job_config(
    chosen: Path | None, home: Home, overrides: dict[str, dict[str, Any]]
) -> Config:
    """Load the settings of a file, else those of the home's last daily run, with `overrides`.

    Raises
    ------
    ConfigError
        The file cannot be read, or a value breaks its rule.
    """
    last = home.folder / CONFIG
    try:
        return load_config(chosen or (last if last.exists() else None), overrides)
    except ConfigError as error:
        if chosen is not None or not last.exists():
            raise
        raise ConfigError(
            f"{error}; fix it, or delete it and name --config, or --source and --ticker, again"
        ) from error


def write_current_config(config: Config, home: Home) -> None:
    """Write the settings as ``config.toml`` of the home, with which the next daily run starts."""
    write_text(home.folder / CONFIG, _format_toml(config, home))


def write_archived_config(config: Config, home: Home, ledger: Ledger) -> None:
    """Write the settings under their hash, to which the forecasts made with them refer.

    Raises
    ------
    ConfigError
        They define the variance differently from the ledger's last forecast; scores of the two
        would be mixed.
    """
    last = next(ledger.forecast_rows(1), None)
    if last is not None and _archive_path(home, last.config_hash).exists():
        _check_variance_definition(config, read_archived_config(home, last.config_hash), home)
    path, text = _archive_path(home, hash_config(config)), _format_toml(config, home)
    if not path.exists() or path.read_text(encoding="utf-8", errors="replace") != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, text)


def read_archived_config(home: Home, digest: str) -> Config:
    """Return the archived settings with the hash `digest`.

    Raises
    ------
    LedgerError
        They are not in the home.
    """
    path = _archive_path(home, digest)
    if not path.exists():
        raise LedgerError(
            f"{path} is missing: forecasts made with these settings cannot be rebuilt without it; "
            "restore your latest backup"
        )
    return resolve_for_home(load_config(path), home)


def _format_toml(config: Config, home: Home) -> str:
    """Return the settings as TOML, without the default folder of bars: the home may be moved."""
    is_default = config.data.dir == str(home.bars)
    data = config.data.model_copy(update={"dir": "" if is_default else config.data.dir})
    return to_toml(config.model_copy(update={"data": data}))


def _archive_path(home: Home, digest: str) -> Path:
    return home.settings / f"{digest[:FILE_NAME_DIGITS]}.toml"


def _variance_definition(config: Config) -> dict[str, str]:
    """Return the settings that define the variance of a day."""
    data = config.data
    return {
        "target.proxy": config.target.proxy,
        "data.intraday": "given" if data.intraday else "none",
        "data.overnight": data.overnight if data.intraday else "",
    }


def _check_variance_definition(config: Config, before: Config, home: Home) -> None:
    expected = _variance_definition(before)
    for name, value in _variance_definition(config).items():
        if value != expected[name]:
            raise ConfigError(
                f"{name} is {value!r}, but the forecasts in {home.folder} were made with "
                f"{expected[name]!r}, and scores of the two cannot be mixed; set it to "
                f"{expected[name]!r}, or choose another --home"
            )
