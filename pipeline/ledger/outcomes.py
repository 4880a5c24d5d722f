"""Outcomes of forecasts, computed from a panel."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from volcast.features.panel import Panel
from volcast.pipeline.ledger.records import Outcome


def build_outcomes(
    cells: pd.DataFrame, panel: Panel, source_hash: Mapping[str, str]
) -> list[Outcome]:
    """Return the outcomes of forecasts, as far as the panel knows them.

    Parameters
    ----------
    cells
        `origin, ticker, horizon, target_end` of the forecasts, such as `Ledger.pending_targets`
        returns, or of all forecasts to find revisions.
    panel
        With the bars up to now.
    source_hash
        Hash of the bars of each ticker.

    Returns
    -------
    list of Outcome
        None for a target that ends on another day in the panel, because the exchange's calendar
        was changed, or a bar was dated on a day on which it is closed.
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
