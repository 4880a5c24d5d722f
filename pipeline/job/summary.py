"""What an evening did, for the line of a log, for JSON and for the report."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from volcast.pipeline.text import counted
from volcast.reports.monitoring.alerts import Alert

NOTES_SHOWN = 3  # in a line


@dataclass(frozen=True)
class Summary:
    """What an evening did.

    Attributes
    ----------
    origin
        The session whose close was the last thing known.
    outcomes, forecasts
        How many came into the ledger.
    trained, champion
        Names of versions, such as ``network 7``; None where nothing was trained.
    decision
        The gate's, in words.
    raised, open_alerts
        The alerts of tonight, and all that stand.
    notes
        What went wrong and was got over.
    head
        The hash of the ledger's last row, to be noted elsewhere.
    over
        Whether a later evening is in the ledger, and nothing was done.
    """

    origin: dt.date
    outcomes: int
    trained: str | None
    decision: str
    champion: str
    forecasts: int
    raised: tuple[Alert, ...] = ()
    open_alerts: tuple[Alert, ...] = ()
    notes: tuple[str, ...] = ()
    head: str = ""
    over: bool = False

    def line(self) -> str:
        """Return the evening in one line, as a log wants it."""
        words = [*(alert.words for alert in self.raised), *self.notes]
        told = list(dict.fromkeys(words))
        more = len(told) - NOTES_SHOWN
        parts = [
            f"{self.origin}: {counted(self.forecasts, 'new forecast')}, "
            f"{counted(self.outcomes, 'outcome')}",
            f"champion {self.champion}",
            f"trained {self.trained}" if self.trained else "nothing trained",
            f"{counted(len(self.open_alerts), 'alert')} open, {len(self.raised)} new",
            *told[:NOTES_SHOWN],
            *([f"{more} more in the report"] if more > 0 else []),
        ]
        return "; ".join(parts)
