"""What an update brought: one record a ticker, and all of them as a table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

from volcast.pipeline.data.store.merge import ADJUSTED, ANEW, HEALED, NEW, REVISED

Status = Literal["updated", "unchanged", "not due", "failed", "not asked"]
OUTCOME_COLUMNS = ("ticker", "status", NEW, HEALED, REVISED, ADJUSTED, ANEW, "last_session", "note")


@dataclass(frozen=True)
class UpdateResult:
    """What became of one ticker.

    Parameters
    ----------
    status
        ``updated``, ``unchanged`` (asked, nothing new), ``not due`` (not asked, nothing can be
        new), ``failed`` or ``not asked``.
    counts
        Rows added, by the kind of change.
    last_session
        The last stored session; None if there is none.
    note
        Why it failed, or what is worth knowing.

    """

    ticker: str
    status: Status
    counts: Mapping[str, int] = field(default_factory=dict)
    last_session: str | None = None
    note: str = ""

    @property
    def came(self) -> bool:
        """Whether the stored bars are as the source has them."""
        return self.status in ("updated", "unchanged", "not due")


def outcome_table(outcomes: Sequence[UpdateResult]) -> pd.DataFrame:
    """Return `OUTCOME_COLUMNS`, one row a ticker, what did not come first."""
    rows = [
        {
            "ticker": one.ticker,
            "status": one.status,
            **{name: one.counts.get(name, 0) for name in OUTCOME_COLUMNS[2:7]},
            "last_session": one.last_session,
            "note": one.note,
        }
        for one in sorted(outcomes, key=lambda one: (one.came, one.ticker))
    ]
    return pd.DataFrame(rows, columns=list(OUTCOME_COLUMNS))


def collect_failures(outcomes: Sequence[UpdateResult]) -> dict[str, str]:
    """Return ticker to reason of what did not come."""
    return {one.ticker: one.note for one in outcomes if not one.came}


def summary(outcomes: Sequence[UpdateResult]) -> str:
    """Return how many tickers came and what they brought, in one line."""
    count = {
        status: sum(one.status == status for one in outcomes)
        for status in ("updated", "unchanged", "not due", "failed", "not asked")
    }
    rows = sum(one.counts.get(NEW, 0) + one.counts.get(ANEW, 0) for one in outcomes)
    told = [f"{number} {status}" for status, number in count.items() if number]
    return f"{len(outcomes)} tickers: {', '.join(told) or 'nothing to do'}; {rows:,} bars came"
