"""The results of an update: one record per ticker, and all of them as a table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

import pandas as pd

from volcast.pipeline.data.store.merge import ANEW, CHANGES, NEW

Status = Literal["updated", "unchanged", "not due", "failed", "not asked"]
RESULT_COLUMNS = ("ticker", "status", *CHANGES, "last_session", "note")


@dataclass(frozen=True)
class UpdateResult:
    """The result of the update of one ticker.

    Parameters
    ----------
    status
        ``updated``, ``unchanged`` (asked, nothing new), ``not due`` (not asked, because nothing
        can be new), ``failed`` or ``not asked`` (because the update gave up).
    counts
        Rows added, by the kind of change.
    last_session
        The last stored session; None if there is none.
    note
        Why it failed, or what the user should know.
    """

    ticker: str
    status: Status
    counts: Mapping[str, int] = field(default_factory=dict)
    last_session: str | None = None
    note: str = ""

    @property
    def succeeded(self) -> bool:
        """Whether the stored bars are as the source has them."""
        return self.status in ("updated", "unchanged", "not due")


def build_result_table(results: Sequence[UpdateResult]) -> pd.DataFrame:
    """Return the results as a table: `RESULT_COLUMNS`, one row per ticker, failures first.

    Examples
    --------
    >>> table = build_result_table([UpdateResult("SPY", "updated", {"new": 2}, "2024-01-31")])
    >>> table[["ticker", "status", "new", "last_session"]].to_dict("records")
    [{'ticker': 'SPY', 'status': 'updated', 'new': 2, 'last_session': '2024-01-31'}]
    """
    rows = [
        {
            "ticker": result.ticker,
            "status": result.status,
            **{change: result.counts.get(change, 0) for change in CHANGES},
            "last_session": result.last_session,
            "note": result.note,
        }
        for result in sorted(results, key=lambda result: (result.succeeded, result.ticker))
    ]
    return pd.DataFrame(rows, columns=list(RESULT_COLUMNS))


def collect_failures(results: Sequence[UpdateResult]) -> dict[str, str]:
    """Return ticker to reason, for the tickers that failed or were not requested.

    Examples
    --------
    >>> collect_failures([UpdateResult("SPY", "updated"), UpdateResult("X", "failed", note="why")])
    {'X': 'why'}
    """
    return {result.ticker: result.note for result in results if not result.succeeded}


def format_summary(results: Sequence[UpdateResult]) -> str:
    """Return in one line how many tickers have each status, and how many bars were added.

    Examples
    --------
    >>> format_summary([UpdateResult("SPY", "updated", {"new": 2}), UpdateResult("X", "failed")])
    '2 tickers: 1 updated, 1 failed; 2 bars added'
    """
    counts = {status: sum(one.status == status for one in results) for status in get_args(Status)}
    added = sum(one.counts.get(NEW, 0) + one.counts.get(ANEW, 0) for one in results)
    shown = [f"{count} {status}" for status, count in counts.items() if count]
    return f"{len(results)} tickers: {', '.join(shown) or 'nothing to do'}; {added:,} bars added"
