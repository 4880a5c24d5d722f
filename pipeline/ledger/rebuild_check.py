"""Past forecasts made again, and compared with those of the ledger bit for bit."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from volcast.pipeline.errors import LedgerError, VolcastError
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.ledger.records import ForecastRow
from volcast.pipeline.progress import Progress
from volcast.pipeline.text import counted

# Makes a past forecast again, from its stored vintage and model, and returns its variance. It may
# raise any `VolcastError`, such as of a model that was pruned.
Rebuild: TypeAlias = Callable[[ForecastRow], float]

PATIENCE = 3.0  # seconds without a word
NEEDED = (
    "needed are a source that keeps its bars (such as yahoo's store, or a file that is only added "
    "to), the settings of then, and versions that were not pruned"
)


@dataclass
class Group:
    """Forecasts that cannot be made again for one reason: how many, and the first met."""

    first: str
    count: int = 0


@dataclass
class Remade:
    """What came of making forecasts again.

    Attributes
    ----------
    same
        How many came out bit for bit.
    otherwise
        Those that came out otherwise, in words, the newest first.
    lost
        Those that cannot be made again, by reason.
    """

    same: int = 0
    otherwise: list[str] = field(default_factory=list)
    lost: dict[str, Group] = field(default_factory=dict)

    def lines(self) -> list[str]:
        """Return what was found, a line a finding; each names the first forecast it is true of."""
        found = [f"{counted(self.same, 'forecast')} made again, bit for bit"]
        if self.otherwise:
            count = len(self.otherwise)
            found.append(f"{counted(count, 'forecast')} came out otherwise")
        for reason, group in self.lost.items():
            found.append(
                f"{counted(group.count, 'forecast')} cannot be made again: {reason} "
                f"(first: {group.first})"
            )
        return found

    def check(self) -> None:
        """Raise ``LedgerError`` unless every forecast came out as it is in the ledger."""
        if self.otherwise:
            raise LedgerError(
                f"{self.otherwise[0]}; bars, model, libraries or the machine are not what they were"
            )
        for reason, group in self.lost.items():
            count = sum(each.count for each in self.lost.values())
            raise LedgerError(
                f"{counted(count, 'forecast')} cannot be made again, the first {group.first}: "
                f"{reason}; {NEEDED}"
            )


def remake(
    ledger: Ledger,
    rebuild: Rebuild,
    newest: int | None = None,
    progress: Progress | None = None,
) -> Remade:
    """Make forecasts again, the newest first, and compare them; all are tried, whatever fails.

    Parameters
    ----------
    ledger
        Open, for reading or for writing; its chain is not verified here.
    rebuild
        Makes a forecast again.
    newest
        How many to make again; None is all.
    progress
        Told how far it is, where it takes longer than a moment.
    """
    made, started = Remade(), time.monotonic()
    there = ledger.connection.execute("SELECT count(*) FROM forecasts").fetchone()[0]
    total = min(there, newest or there)
    for number, row in enumerate(ledger.forecast_rows(newest), start=1):
        _remake_one(row, rebuild, made)
        spent = time.monotonic() - started
        if progress is not None and spent > PATIENCE:
            left = spent / number * max(total - number, 0)
            progress.count(number, total, f"{row.origin}", left)
    return made


def _remake_one(row: ForecastRow, rebuild: Rebuild, made: Remade) -> None:
    """Make a forecast again, and add what came of it to what was made before."""
    name = f"row {row.seq}, {row}"
    try:
        again = rebuild(row)
    except VolcastError as error:
        made.lost.setdefault(str(error), Group(name)).count += 1
        return
    if again == row.variance:
        made.same += 1
    else:
        made.otherwise.append(
            f"{name}, does not come out again: the ledger has {row.variance!r}, made again it is "
            f"{again!r}"
        )
