"""The job's settings: hashed, and kept in its home for as long as forecasts made with them are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from volcast.pipeline.backtest.run_folder import CONFIG
from volcast.pipeline.config.load import load_config, with_absolute_paths
from volcast.pipeline.config.settings import Config
from volcast.pipeline.config.toml import to_toml
from volcast.pipeline.errors import ConfigError, LedgerError
from volcast.pipeline.files import hash_value, write_text
from volcast.pipeline.home import Home
from volcast.pipeline.ledger.ledger import Ledger

RECIPE = ("target", "features", "split", "model")  # sections
# These say from where bars are read, and how far, not what is made of them.
FORGOTTEN = {"end", "path", "dir", "as_of", "rate"}


def at_home(config: Config, home: Home) -> Config:
    """Return the settings with absolute paths, and the stored bars below the home by default."""
    data = config.data.model_copy(update={"dir": config.data.dir or str(home.bars)})
    return with_absolute_paths(config.model_copy(update={"data": data}))


def config_hash(config: Config) -> str:
    """Return the hash of the settings that a model depends on."""
    bars = config.data.model_dump(mode="json", exclude=FORGOTTEN) | {
        "intraday": bool(config.data.intraday)
    }
    return hash_value({"data": bars, "recipe": recipe(config)})


def recipe(config: Config) -> str:
    """Return the hash of the settings that say how a model is made, whatever the bars."""
    return hash_value(config.model_dump(mode="json", include=set(RECIPE)))


def of_home(chosen: Path | None, home: Home, overrides: dict[str, dict[str, Any]]) -> Config:
    """Return the settings of a file, else those of the home's last evening, with `overrides`.

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
            f"{error}; mend it, or delete it and name --config, or --source and --ticker, anew"
        ) from error


def adopt(config: Config, home: Home) -> None:
    """Write the settings as those of the last evening: the next one begins with them."""
    write_text(home.folder / CONFIG, _text(config, home))


def keep(config: Config, home: Home, ledger: Ledger) -> None:
    """Write the settings under their hash, for the forecasts that will be made with them.

    Raises
    ------
    ConfigError
        What is forecast is measured otherwise than in the ledger's last forecast: scores of the
        two would be mixed.
    """
    last = next(ledger.forecast_rows(1), None)
    if last is not None and _path(home, last.config_hash).exists():
        _check_measure(_measure(kept(home, last.config_hash)), _measure(config), home)
    path, text = _path(home, config_hash(config)), _text(config, home)
    if not path.exists() or path.read_text(encoding="utf-8", errors="replace") != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, text)


def kept(home: Home, digest: str) -> Config:
    """Return the settings of that hash.

    Raises
    ------
    LedgerError
        They are not in the home.
    """
    path = _path(home, digest)
    if not path.exists():
        raise LedgerError(
            f"{path} is missing: without these settings no forecast made with them can be made "
            "again; put back your last copy"
        )
    return at_home(load_config(path), home)


def _text(config: Config, home: Home) -> str:
    """Return the settings as TOML; that bars lie in the home is left open: it may be moved."""
    own = config.data.dir == str(home.bars)
    data = config.data.model_copy(update={"dir": "" if own else config.data.dir})
    return to_toml(config.model_copy(update={"data": data}))


def _path(home: Home, digest: str) -> Path:
    return home.settings / f"{digest[:16]}.toml"


def _measure(config: Config) -> dict[str, str]:
    """Return the settings that say how the variance of a day is measured."""
    data = config.data
    return {
        "target.proxy": config.target.proxy,
        "data.intraday": "given" if data.intraday else "none",
        "data.overnight": data.overnight if data.intraday else "",
    }


def _check_measure(before: dict[str, str], now: dict[str, str], home: Home) -> None:
    for name, value in now.items():
        if value != before[name]:
            raise ConfigError(
                f"{name} is {value!r}, but the forecasts in {home.folder} were made for "
                f"{before[name]!r}: scores of the two cannot be mixed; set it back, or choose "
                "another --home"
            )
