"""What a source changed after the fact, as the store recorded it, in rows of the quality table."""

import datetime as dt
from collections.abc import Sequence

import pandas as pd

from volcast.pipeline.data.quality.check import QUALITY_COLUMNS
from volcast.pipeline.data.store.merge import ANEW, HEALED, REVISED
from volcast.pipeline.data.store.store import Store

RECORDED = "recorded"  # the action: nothing was done about it
SAYS = {
    REVISED: "the source changed the bar after its session was final",
    HEALED: "the source had no bar at first; it came later",
    ANEW: "the source rescaled its history, which was fetched anew",
}
RULE_OF = {REVISED: "revised_bar", HEALED: "healed_session", ANEW: "rescaled_history"}


def history_rows(
    store: Store, tickers: Sequence[str], as_of: dt.datetime | None = None
) -> pd.DataFrame:
    """Return one row a ticker and kind of change, with the columns of the quality table."""
    changes = store.changes(tickers, as_of)
    changes = changes[changes["change"].isin(list(SAYS))]
    tally = changes.groupby(["ticker", "change"], observed=True)["session"]
    table = tally.agg(["size", "min", "max"]).reset_index()
    table = table.set_axis(["ticker", "change", "rows", "first_session", "last_session"], axis=1)
    kinds = table["change"].astype("str")
    table = table.assign(rule=kinds.map(RULE_OF), action=RECORDED, note=kinds.map(SAYS))
    return table[list(QUALITY_COLUMNS)].astype({"rows": "int64"})
