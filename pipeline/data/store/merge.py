"""What a fetch changes in the stored bars: which rows to add, and whether the basis still holds.

A fetch repeats the last sessions that are stored. Where they agree, what is new is added. Where a
session in their middle differs, the source revised it, and its row is added. Where the oldest one
differs, what lies before it may differ as well: then the whole history is needed.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from volcast.pipeline.data.contract.client import ACTION_COLUMNS
from volcast.pipeline.data.quality.rules import BODY
from volcast.pipeline.data.store.bar_log import VALUE_COLUMNS

SAME_PRICE = 1e-6  # relative; Yahoo's numbers are float32, and shake in their last digit
SAME_FACTOR = 1e-5  # of adj_close to close: two such numbers, and Yahoo computes it anew each time
REVISED_AT_MOST = 0.2  # of the sessions in common; beyond it the source has rescaled them
LOST_AT_MOST = 0.01  # of the stored sessions; beyond it a new history is not believed
LOST_AT_LEAST = 5  # sessions

NEW, HEALED, REVISED, ADJUSTED, ANEW = "new", "healed", "revised", "adjusted", "anew"
CHANGES = (NEW, HEALED, REVISED, ADJUSTED, ANEW)


@dataclass(frozen=True, eq=False)
class Merge:
    """The outcome of comparing a fetch with the store.

    Parameters
    ----------
    rows
        What to add: `VALUE_COLUMNS` and ``change``, by session.
    factor
        By which dividends have scaled adj_close before these rows; 1 if they have not.
    new_basis
        The rows are the whole history on another basis.
    needs_whole
        The oldest session differs; nothing is added before the whole history is at hand.
    lost
        Stored sessions that a new history lacks; if there are any, it is not believed.

    """

    rows: pd.DataFrame
    factor: float = 1.0
    new_basis: bool = False
    needs_whole: bool = False
    lost: int = 0

    def counts(self) -> dict[str, int]:
        """Return the number of rows of each change."""
        return {str(name): int(n) for name, n in self.rows["change"].value_counts().items()}


def merge_fetch(stored: pd.DataFrame, fetched: pd.DataFrame, *, whole: bool) -> Merge:
    """Compare a fetch with what is stored.

    Parameters
    ----------
    stored, fetched
        `VALUE_COLUMNS` by session, ascending, unique. A fetched NaN is unknown: it never takes the
        place of a stored value.
    whole
        ``fetched`` holds the whole history that is asked for.

    """
    nothing = fetched.head(0).assign(change="")
    old = stored.reindex(fetched.index)
    if stored.empty:
        return Merge(fetched.assign(change=NEW))
    kept = _filled(fetched, old)
    common = priced(old) & priced(fetched)
    if not common.any():
        if fetched.empty or not priced(stored).any():
            return Merge(_labelled(kept, old, stored))
        lost = int(priced(stored).sum()) if whole else 0
        return Merge(nothing, needs_whole=not whole, lost=lost)
    moved = ~_close(kept[BODY], old[BODY], SAME_PRICE).all(axis=1) & common
    if not whole and moved[int(common.argmax())]:
        return Merge(nothing, needs_whole=True)
    if whole and moved[common].mean() > REVISED_AT_MOST:
        return _on_new_basis(stored, fetched)
    ratio = (kept["adj_close"] / kept["close"]) / (old["adj_close"] / old["close"])
    factor = float(ratio.iloc[int(common.argmax())])
    rows = _labelled(kept, old, stored)
    return Merge(rows, factor=factor if abs(factor - 1) > SAME_FACTOR else 1.0)


def priced(bars: pd.DataFrame) -> NDArray[np.bool_]:
    """Flag the rows that have an open, a high, a low and a close."""
    return np.asarray(np.isfinite(bars[BODY].to_numpy()).all(axis=1))


def _filled(fetched: pd.DataFrame, old: pd.DataFrame) -> pd.DataFrame:
    """Return the fetched values; where there is none, or no price beside it, the stored one."""
    values = [name for name in VALUE_COLUMNS if name not in ACTION_COLUMNS]
    withheld = ~priced(fetched) & priced(old)
    known = fetched[values].mask(pd.Series(withheld, index=fetched.index), axis=0)
    return fetched.assign(**known)[list(VALUE_COLUMNS)].fillna(old)


def _on_new_basis(stored: pd.DataFrame, fetched: pd.DataFrame) -> Merge:
    missing = stored.index[priced(stored)].difference(fetched.index[priced(fetched)])
    allowed = max(LOST_AT_LEAST, LOST_AT_MOST * len(stored))
    rows = fetched[list(VALUE_COLUMNS)].assign(change=ANEW)
    if len(missing) > allowed:
        return Merge(rows.head(0), lost=len(missing))
    return Merge(rows, new_basis=True)


def _labelled(kept: pd.DataFrame, old: pd.DataFrame, stored: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that differ from the stored ones, each with the kind of its change."""
    had, has = priced(old), priced(kept)
    values = [*BODY, "volume", "variance"]
    revised = had & ~_close(kept[values], old[values], SAME_PRICE).all(axis=1)
    before = old["adj_close"] / old["close"]
    scaled = ~_close(kept["adj_close"] / kept["close"], before, SAME_FACTOR)
    actions = list(ACTION_COLUMNS)
    told = ~_close(kept[actions].fillna(0), old[actions].fillna(0), SAME_PRICE).all(axis=1)
    span = stored.index[priced(stored)]
    inside = np.asarray((kept.index > span.min()) & (kept.index < span.max())) & bool(len(span))
    stands = np.asarray(kept.index.isin(stored.index))
    change = np.select(
        [had & revised, had & (scaled | told), ~had & has & (stands | inside), ~had & ~stands],
        [REVISED, ADJUSTED, HEALED, NEW],
        "",
    )
    change = np.where((change == "") & ~had & stands & told, ADJUSTED, change)
    return pd.DataFrame(kept.assign(change=change)[change != ""])


def _close(
    one: pd.DataFrame | pd.Series, other: pd.DataFrame | pd.Series, tolerance: float
) -> NDArray[np.bool_]:
    """Whether numbers agree; two NaN do."""
    numbers = one.to_numpy(), other.to_numpy()
    return np.asarray(np.isclose(*numbers, rtol=tolerance, atol=0, equal_nan=True))
