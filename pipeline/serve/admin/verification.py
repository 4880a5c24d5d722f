"""Verifications of the ledger, which take seconds to minutes: one at a time."""

from __future__ import annotations

import datetime as dt
import json
import threading
from typing import Any

from volcast.pipeline.ledger.chain import Head
from volcast.pipeline.serve.admin.command import find_error, start_command
from volcast.pipeline.serve.state import ServerState

KEPT_FOR = dt.timedelta(minutes=10)  # in which the same last row is not verified again
UNREADABLE = "cannot "  # how messages about a file that cannot be read begin
WAITED = 5.0  # seconds that an answer waits for the result


class Verifications:
    """The newest verification of the ledger of a server.

    Parameters
    ----------
    state
        Of the server.
    """

    def __init__(self, state: ServerState) -> None:
        self._state = state
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._head: Head | None = None
        self._proof: dict[str, Any] | None = None

    def find(self, *, wait: float = WAITED) -> dict[str, Any]:
        """Return the proof of the ledger as it is, started if there is none; wait for it a while.

        The proof is `state, detail, head, rows, finished_at`; while it is computed only the state
        is known.
        """
        head = self._state.ledger.head()
        with self._lock:
            if not self._is_running() and not self._is_current(head):
                self._head, self._proof = head, None
                self._done.clear()
                threading.Thread(target=self._verify, daemon=True).start()
        self._done.wait(wait)
        with self._lock:
            return dict(self._proof or _build_proof("running"))

    def find_last(self) -> dict[str, Any] | None:
        """Return the last proof, without starting another one; None if there is none."""
        with self._lock:
            return dict(self._proof) if self._proof else None

    def _is_running(self) -> bool:
        return self._head is not None and self._proof is None

    def _is_current(self, head: Head) -> bool:
        if self._proof is None or self._head != head or self._proof["state"] == "failed":
            return False
        return bool(self._state.clock() - self._proof["finished_at"] < KEPT_FOR)

    def _verify(self) -> None:
        try:
            proof = self._run()
        except OSError as error:
            proof = _build_proof("failed", detail=f"it could not be verified: {error.strerror}")
        with self._lock:
            self._proof = proof | {"finished_at": self._state.clock()}
            self._done.set()

    def _run(self) -> dict[str, Any]:
        process = start_command(self._state.home, ["ledger", "verify", "--json"])
        out, errors = process.communicate()
        if process.returncode != 0:
            problem = find_error(errors)
            is_read = process.returncode == 1 and not problem.startswith(UNREADABLE)
            state = "damaged" if is_read else "failed"
            return _build_proof(state, detail=self._state.redact(problem))
        found = json.loads(out)
        return _build_proof("intact", head=found["head"], rows=found["rows"])


def _build_proof(state: str, **known: Any) -> dict[str, Any]:
    fields = ("detail", "head", "rows", "finished_at")
    return {"state": state, **dict.fromkeys(fields), **known}
