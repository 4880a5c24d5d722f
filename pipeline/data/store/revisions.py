"""Revisions: what a source changed afterwards, as the store recorded it, for the quality table."""

import datetime as dt
from collections.abc import Sequence

import pandas as pd

from volcast.pipeline.data.quality.check import QUALITY_COLUMNS
from volcast.pipeline.data.store.merge import ANEW, HEALED, REVISED
from volcast.pipeline.data.store.store import Store

RECORDED = "recorded"  # the action: the change is listed, nothing else is done
NOTE_BY_CHANGE = {
    REVISED: "the source changed the bar after its session was final",
    HEALED: "the source had no bar at first; it came later",
    ANEW: "the source rescaled its history, which was fetched anew",
}
RULE_BY_CHANGE = {REVISED: "revised_bar", HEALED: "healed_session", ANEW: "rescaled_history"}


def build_history_rows(
    store: Store, tickers: Sequence[str], as_of: dt.datetime | None = None
) -> pd.DataFrame:
    """Return one row per ticker and kind of change, with the columns of the quality table.

    Changes recorded after ``as_of`` are left out.
    """
    changes = store.changes(tickers, as_of)
    changes = changes[changes["change"].isin(list(NOTE_BY_CHANGE))]
    tally = changes.groupby(["ticker", "change"], observed=True)["session"]
    table = tally.agg(["size", "min", "max"]).reset_index()
    table = table.set_axis(["ticker", "change", "rows", "first_session", "last_session"], axis=1)
    kinds = table["change"].astype("str")
    table = table.assign(
        rule=kinds.map(RULE_BY_CHANGE), action=RECORDED, note=kinds.map(NOTE_BY_CHANGE)
    )
    return table[list(QUALITY_COLUMNS)].astype({"rows": "int64"})
