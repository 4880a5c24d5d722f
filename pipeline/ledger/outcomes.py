"""From forecast tables and panels to what the ledger holds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from volcast.features.panel import Panel
from volcast.pipeline.ledger.records import Forecast, Outcome, Role


@dataclass(frozen=True)
class Origin:
    """Where the forecasts of a table come from; by ticker where a mapping is asked for."""

    role: Role
    model_version: str
    calendar: Mapping[str, str]
    data_vintage: dt.datetime
    data_hash: Mapping[str, str]
    config_hash: str


def build_forecasts(table: pd.DataFrame, source: Origin) -> list[Forecast]:
    """Return the rows of a forecast table (docs/tables.md) that have a variance.

    `lower` and `upper` may be missing, as may `clipped` and `fallback`.
    """
    rows = table[table["variance"].notna()]
    optional = [n for n in ("lower", "upper", "clipped", "fallback") if n in rows]
    return [
        Forecast(
            origin=row["origin"].date(),
            target_start=row["target_start"].date(),
            target_end=row["target_end"].date(),
            horizon=int(row["horizon"]),
            ticker=row["ticker"],
            calendar=source.calendar[row["ticker"]],
            model=row["model"],
            model_version=source.model_version,
            role=source.role,
            data_vintage=source.data_vintage,
            data_hash=source.data_hash[row["ticker"]],
            config_hash=source.config_hash,
            variance=float(row["variance"]),
            **{name: row[name] for name in optional},
        )
        for row in rows.to_dict("records")
    ]


def build_outcomes(
    cells: pd.DataFrame, panel: Panel, source_hash: Mapping[str, str]
) -> list[Outcome]:
    """Return what came of forecasts, as far as the panel knows it.

    Parameters
    ----------
    cells
        `origin, ticker, horizon, target_end`, such as `Ledger.awaited`, or all forecasts, to find
        revisions. Those whose target ends on another day now, as the exchange's calendar was
        changed, or a bar came from a day on which it is closed, have no outcome.
    panel
        With the bars up to now.
    source_hash
        Of the bars of each ticker.
    """
    cells = cells[["origin", "ticker", "horizon", "target_end"]].drop_duplicates()
    session = panel.sessions.get_indexer(pd.DatetimeIndex(cells["origin"]))
    ticker = pd.Index(panel.tickers).get_indexer(pd.Index(cells["ticker"]))
    horizon = pd.Index(panel.horizons).get_indexer(pd.Index(cells["horizon"]))
    inside = (session >= 0) & (ticker >= 0) & (horizon >= 0)
    ends = panel.target_end[session, ticker, horizon]
    same = ends == cells["target_end"].to_numpy(ends.dtype)
    realized = np.where(inside & same, panel.target[session, ticker, horizon], np.nan)
    end = panel.sessions.get_indexer(pd.DatetimeIndex(ends))
    one_session = (end >= 0) & (cells["horizon"] == 1).to_numpy()
    log_return = np.where(one_session, panel.log_return[end, ticker], np.nan)
    known = cells.assign(realized=realized, log_return=log_return)[np.isfinite(realized)]
    return [
        Outcome(
            *(row["origin"].date(), row["ticker"], int(row["horizon"])),
            *(row["realized"], row["log_return"], source_hash[row["ticker"]]),
        )
        for row in known.to_dict("records")
    ]
