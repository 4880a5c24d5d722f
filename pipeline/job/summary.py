"""The summary of a daily run, for a line of the log, for JSON and for the report."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from volcast.pipeline.text import format_count
from volcast.reports.monitoring.alerts import Alert

MESSAGES_SHOWN = 3  # in a line of the log


@dataclass(frozen=True)
class Summary:
    """The summary of a daily run; `volcast retrain --json` prints its fields.

    Attributes
    ----------
    origin
        The session whose close is the last thing known.
    outcomes, forecasts
        Numbers of rows added to the ledger.
    trained, champion
        Names of versions, such as ``network 7``; `trained` is None if nothing was trained.
    decision
        The reason that the gate gave for its decision.
    raised, open_alerts
        The alerts raised by this run, and all open alerts.
    notes
        Problems that did not stop the run.
    head
        The hash of the ledger's last row; keep a copy of it elsewhere.
    over
        Whether the ledger has forecasts of a later origin, so that nothing was done.

    Examples
    --------
    >>> import datetime as dt
    >>> summary = Summary(dt.date(2024, 6, 3), 2, None, "keep: no challenger", "har 1", 4)
    >>> summary.line()
    '2024-06-03: 4 new forecasts, 2 outcomes; champion har 1; nothing trained; 0 alerts open, 0 new'
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
        """Return the summary as one line of a log."""
        messages = list(dict.fromkeys([*(alert.words for alert in self.raised), *self.notes]))
        more = len(messages) - MESSAGES_SHOWN
        parts = [
            f"{self.origin}: {format_count(self.forecasts, 'new forecast')}, "
            f"{format_count(self.outcomes, 'outcome')}",
            f"champion {self.champion}",
            f"trained {self.trained}" if self.trained else "nothing trained",
            f"{format_count(len(self.open_alerts), 'alert')} open, {len(self.raised)} new",
            *messages[:MESSAGES_SHOWN],
            *([f"{more} more in the report"] if more > 0 else []),
        ]
        return "; ".join(parts)
