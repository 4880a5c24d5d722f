"""What all requests of a server share."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from volcast.pipeline.home import Home
from volcast.pipeline.serve.reading.ledger_reader import LedgerReader
from volcast.pipeline.serve.reading.memo import Memo
from volcast.pipeline.serve.redact import redact_paths

Clock = Callable[[], dt.datetime]


@dataclass
class ServerState:
    """The home that is served, and what is kept between requests.

    Attributes
    ----------
    home
        The home.
    clock
        Returns the time, with a timezone.
    ledger
        Its ledger.
    memo
        Results that are expensive, until what they come from changes.
    work
        Held by the retraining or the change of champion that is in progress: two would compete for
        the lock of the home while they start.
    """

    home: Home
    clock: Clock
    ledger: LedgerReader = field(init=False)
    memo: Memo = field(default_factory=Memo)
    work: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.ledger = LedgerReader(self.home.ledger)

    def redact(self, text: str) -> str:
        """Return a text without paths of the host."""
        return redact_paths(text, self.home.folder)
