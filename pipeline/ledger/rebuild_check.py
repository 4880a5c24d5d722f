"""Past forecasts rebuilt from bars, settings and model, and compared with the ledger."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from volcast.pipeline.errors import LedgerError, VolcastError
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.ledger.records import ForecastRow
from volcast.pipeline.progress import Progress
from volcast.pipeline.text import format_count

# Rebuilds a past forecast from the bars, settings and model of its day, and returns its variance.
# It may raise any `VolcastError`, such as that of a model that was pruned.
Rebuilder: TypeAlias = Callable[[ForecastRow], float]

SILENT = 3.0  # seconds before progress is shown
REQUIREMENTS = (
    "rebuilding needs a source that keeps its bars (such as yahoo's store, or a file to which rows "
    "are only added), the settings of that day, and versions that were not pruned"
)


@dataclass
class FailureGroup:
    """Forecasts that cannot be rebuilt for one reason: the first one found, and their number."""

    first: str
    count: int = 0


@dataclass
class RebuildResult:
    """The result of rebuilding forecasts.

    Attributes
    ----------
    identical
        The number of forecasts whose variance is the same bit for bit.
    different
        A sentence for each forecast that is not the same, the newest first.
    failures
        The forecasts that cannot be rebuilt, by reason.
    """

    identical: int = 0
    different: list[str] = field(default_factory=list)
    failures: dict[str, FailureGroup] = field(default_factory=dict)

    def lines(self) -> list[str]:
        """Return one line for each kind of result.

        Examples
        --------
        >>> RebuildResult(identical=2).lines()
        ['2 forecasts rebuilt, identical bit for bit']
        """
        lines = [f"{format_count(self.identical, 'forecast')} rebuilt, identical bit for bit"]
        if self.different:
            lines.append(
                f"{format_count(len(self.different), 'forecast')} rebuilt with another value"
            )
        for reason, group in self.failures.items():
            lines.append(
                f"{format_count(group.count, 'forecast')} cannot be rebuilt: {reason} "
                f"(first: {group.first})"
            )
        return lines

    def check(self) -> None:
        """Raise ``LedgerError`` unless every forecast was rebuilt as it is in the ledger."""
        if self.different:
            raise LedgerError(
                f"{self.different[0]}; the bars, the model, a library or the machine has changed"
            )
        for reason, group in self.failures.items():
            count = sum(each.count for each in self.failures.values())
            raise LedgerError(
                f"{format_count(count, 'forecast')} cannot be rebuilt, the first {group.first}: "
                f"{reason}; {REQUIREMENTS}"
            )


def rebuild_forecasts(
    ledger: Ledger,
    rebuild: Rebuilder,
    newest: int | None = None,
    progress: Progress | None = None,
) -> RebuildResult:
    """Rebuild forecasts, the newest first, and compare them; a failure does not stop it.

    Parameters
    ----------
    ledger
        Open, to be read or to be written; its chain is not verified here.
    rebuild
        Rebuilds one forecast.
    newest
        Maximum number of forecasts; None rebuilds all of them.
    progress
        Shows how far it is, if it takes longer than a moment.
    """
    result, started = RebuildResult(), time.monotonic()
    written = ledger.connection.execute("SELECT count(*) FROM forecasts").fetchone()[0]
    total = min(written, newest or written)
    for number, row in enumerate(ledger.forecast_rows(newest), start=1):
        _rebuild_one(row, rebuild, result)
        spent = time.monotonic() - started
        if progress is not None and spent > SILENT:
            remaining = spent / number * max(total - number, 0)
            progress.count(number, total, f"{row.origin}", remaining)
    return result


def _rebuild_one(row: ForecastRow, rebuild: Rebuilder, result: RebuildResult) -> None:
    """Rebuild one forecast, and add it to the result."""
    name = f"row {row.seq}, {row}"
    try:
        variance = rebuild(row)
    except VolcastError as error:
        result.failures.setdefault(str(error), FailureGroup(name)).count += 1
        return
    if variance == row.variance:
        result.identical += 1
    else:
        result.different.append(
            f"{name}, differs when it is rebuilt: the ledger has {row.variance!r}, rebuilt it is "
            f"{variance!r}"
        )
