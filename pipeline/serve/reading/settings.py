"""The settings of a home: those of the next evening."""

from __future__ import annotations

from typing import TYPE_CHECKING

from volcast.pipeline.home import Home

if TYPE_CHECKING:
    from volcast.pipeline.config.settings import Config


def load_home_settings(home: Home) -> Config:
    """Return the settings with which the next evening of a home starts.

    Raises
    ------
    ConfigError
        The file cannot be read.
    """
    from volcast.pipeline.job.config_archive import load_job_config, resolve_for_home

    return resolve_for_home(load_job_config(None, home, {}), home)


def has_daily_bars(home: Home) -> bool:
    """Return whether the source of the home has new bars after each session."""
    from volcast.pipeline.data.sources.catalogue import find_entry

    return find_entry(load_home_settings(home).data.source).grows
