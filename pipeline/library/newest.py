"""The newest forecasts of a run or of a pretrained network, as people read them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from volcast.pipeline.backtest.run_folder import (
    BARS,
    FEATURES,
    FORECASTS,
    read_config,
    read_external,
    read_table,
)
from volcast.pipeline.errors import RunFolderError
from volcast.pipeline.panel.external import ExternalData

if TYPE_CHECKING:
    from volcast.pipeline.config.settings import Config
    from volcast.pipeline.vintages.forecast import PretrainedForecast

COLUMNS = [
    *("ticker", "horizon", "origin", "target_start", "target_end", "variance"),
    *("volatility", "volatility_lower", "volatility_upper", "har", "today"),
    *("without_report", "report", "history"),
]


def build_newest_table(folder: Path) -> pd.DataFrame:
    """Return the newest forecast of each ticker and horizon of a run.

    Parameters
    ----------
    folder
        The run folder.

    Returns
    -------
    `COLUMNS`, volatilities in annualised percent: ``today`` is that of the last session, ``har``
    the forecast of HAR, ``without_report`` the forecast as if no earnings report came (NaN unless
    one is expected), ``report`` what is known of the next one, ``history`` how short the ticker's
    history is (empty if it is not).

    Raises
    ------
    RunFolderError
        The folder is not a run folder, or the run has no forecasts yet.
    """
    from volcast.models.baselines.catalogue import NETWORK, REFERENCE
    from volcast.pipeline.backtest.forecast_file import read_newest
    from volcast.pipeline.backtest.volatility_columns import add_volatility, find_latest_volatility

    config = read_config(folder)
    newest = add_volatility(read_newest(folder / FORECASTS), config)
    bars = read_table(folder / FEATURES, columns=["ticker", "session", "variance", "level_factor"])
    if newest.empty:
        raise RunFolderError(f"{folder} has no forecasts; run `volcast run --out {folder}` again")
    keys = ["ticker", "horizon"]
    har = newest.loc[newest["model"] == REFERENCE, [*keys, "volatility"]]
    rows = newest[newest["model"] == NETWORK].merge(
        har.rename(columns={"volatility": "har"}), on=keys, how="left"
    )
    today = find_latest_volatility(bars, config)
    sessions = read_table(folder / BARS, columns=["ticker", "session"])
    return _arrange(rows, today, config, read_external(folder), sessions)


def build_pretrained_table(found: PretrainedForecast, config: Config) -> pd.DataFrame:
    """Return the forecasts of a pretrained network as `build_newest_table` returns those of a run.

    HAR is fitted to all bars.
    """
    from volcast.pipeline.backtest.volatility_columns import add_volatility, find_latest_volatility

    rows = add_volatility(found.forecasts, config).rename(columns={"volatility_har": "har"})
    today = find_latest_volatility(found.measured, config)
    return _arrange(rows, today, config, found.external, found.bars)


def _arrange(
    rows: pd.DataFrame,
    today: pd.DataFrame,
    config: Config,
    external: ExternalData,
    bars: pd.DataFrame,
) -> pd.DataFrame:
    """Return forecasts with what is known of coming reports and of short histories.

    `bars` has a row of `ticker` and `session` for each bar.
    """
    from volcast.pipeline.config.events import list_event_entries
    from volcast.pipeline.panel.build import assign_calendars
    from volcast.pipeline.panel.coming_reports import list_coming_reports
    from volcast.pipeline.panel.short_histories import find_short_histories, list_histories
    from volcast.reports.coming_reports import COLUMNS as REPORT_COLUMNS
    from volcast.reports.coming_reports import add_report_notes
    from volcast.reports.short_histories import add_history_notes

    reports = pd.DataFrame(columns=REPORT_COLUMNS)
    if list_event_entries(config):
        calendars = assign_calendars(list(rows["ticker"].unique()), config)
        reports = list_coming_reports(external, rows["origin"].max(), calendars)
    rows = rows.sort_values(["ticker", "horizon"])
    rows = rows.rename(columns={"volatility_without_report": "without_report"})
    rows = add_report_notes(rows, reports)
    histories = list_histories(bars, find_short_histories(rows), rows["origin"].max())
    rows = add_history_notes(rows, histories)
    latest = rows["ticker"].map(today.set_index("ticker")["volatility"])
    return rows.assign(today=latest)[COLUMNS].reset_index(drop=True)
