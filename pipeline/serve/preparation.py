"""What is slow and can be done before somebody asks: imports, and scores after each evening."""

from __future__ import annotations

import logging
import threading

from volcast.pipeline.errors import VolcastError
from volcast.pipeline.ledger.chain import Head
from volcast.pipeline.serve.cached_reads import find_events, find_scores, find_tickers
from volcast.pipeline.serve.state import ServerState

LOG = logging.getLogger("volcast.serve")
INTERVAL = 10.0  # seconds between two looks at the last row of the ledger


class Preparation:
    """A thread that computes what the pages and the metrics need, whenever the ledger has grown.

    Parameters
    ----------
    state
        Of the server.
    """

    def __init__(self, state: ServerState) -> None:
        self._state = state
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Stop before the next look."""
        self._stopped.set()

    def _run(self) -> None:
        prepared: Head | None = None
        while not self._stopped.is_set():
            try:
                head = self._state.ledger.head()
                if head != prepared:
                    self._prepare()
                prepared = head
            except VolcastError as error:  # readiness says so, too
                LOG.warning("%s", error)
            self._stopped.wait(INTERVAL)

    def _prepare(self) -> None:
        from volcast.pipeline.serve.health import check_readiness

        find_tickers(self._state)
        check_readiness(self._state)  # it imports the calendars of the exchanges
        find_scores(self._state)
        find_events(self._state)
