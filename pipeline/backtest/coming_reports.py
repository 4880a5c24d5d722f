"""The coming earnings reports of a run's tickers, from its folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from volcast.pipeline.backtest.run_folder import read_external
from volcast.pipeline.config.events import list_event_entries
from volcast.pipeline.config.settings import Config
from volcast.pipeline.panel.build import assign_calendars
from volcast.pipeline.panel.coming_reports import list_coming_reports


def read_coming_reports(
    folder: Path, config: Config, tickers: Sequence[str], origin: pd.Timestamp
) -> pd.DataFrame | None:
    """Return each ticker's next announced report after an origin; None without a source."""
    if not list_event_entries(config):
        return None
    return list_coming_reports(read_external(folder), origin, assign_calendars(tickers, config))
