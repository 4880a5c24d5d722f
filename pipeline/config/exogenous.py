"""The exogenous series that the settings ask for: their names, and the files of some."""

from __future__ import annotations

import re

from volcast.pipeline.config.settings import Config
from volcast.pipeline.errors import ConfigError

# A name may hold "=" itself, as CL=F does; what follows the last one is a file if it looks so.
NO_SERIES = ("none",)
WITH_FILE = re.compile(r"(?P<name>.+)=(?P<path>.*[./\\].*)")


def split_entry(entry: str) -> tuple[str, str]:
    """Return the name of a series and its file, "" if it comes from the source of the tickers.

    Examples
    --------
    >>> split_entry("^VIX"), split_entry("^VIX=data/vix.csv"), split_entry("CL=F")
    (('^VIX', ''), ('^VIX', 'data/vix.csv'), ('CL=F', ''))
    """
    found = WITH_FILE.fullmatch(entry.strip())
    return (found["name"].strip(), found["path"].strip()) if found else (entry.strip(), "")


def list_series(config: Config) -> dict[str, str]:
    """Return the name of each exogenous series that the settings name, with its file or "".

    Raises
    ------
    ConfigError
        If a series is named twice.

    Examples
    --------
    >>> list_series(Config.model_validate({"data": {"exogenous": "^VIX"}}))
    {'^VIX': ''}
    """
    if config.data.exogenous == NO_SERIES:
        return {}
    entries = [split_entry(entry) for entry in config.data.exogenous]
    names = [name for name, _ in entries]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"data.exogenous must not name a series twice; got {name!r}")
    return dict(entries)
