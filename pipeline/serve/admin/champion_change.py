"""Promotions and rollbacks: the decision is written to the ledger first, then carried out.

`volcast models` does both in a process of its own. If that, or this server, is killed in between,
the next evening carries the decision out.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from typing import Any

from volcast.pipeline.serve.admin.command import find_error, start_command
from volcast.pipeline.serve.admin.retraining import begin_work
from volcast.pipeline.serve.problems import RequestError
from volcast.pipeline.serve.state import ServerState

PATIENCE = 120.0  # seconds


class ChampionChanges:
    """Changes of champion by hand, one at a time.

    Parameters
    ----------
    state
        Of the server.
    """

    def __init__(self, state: ServerState) -> None:
        self._state = state

    def promote(self, version: int, who: str, why: str) -> dict[str, Any]:
        """Make a version the champion; return `champion` and `before`.

        Raises
        ------
        RequestError
            Something else is at work (409), or the change is not possible (409).
        """
        return self._run(["promote", str(version)], who, why)

    def roll_back(self, who: str, why: str) -> dict[str, Any]:
        """Return to the version that the champion replaced; see `promote`."""
        return self._run(["rollback"], who, why)

    def _run(self, words: Sequence[str], who: str, why: str) -> dict[str, Any]:
        begin_work(self._state)
        try:
            given = [f"--who={who}", f"--why={why}", "--json"]
            return self._wait(start_command(self._state.home, ["models", *words, *given]))
        finally:
            self._state.work.release()

    def _wait(self, process: subprocess.Popen[str]) -> dict[str, Any]:
        try:
            out, errors = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired as error:
            process.kill()
            process.communicate()
            raise RequestError(
                409, f"the change took longer than {PATIENCE:.0f} s; look at /v1/champion"
            ) from error
        if process.returncode != 0:
            raise RequestError(409, self._state.redact(find_error(errors)))
        found: dict[str, Any] = json.loads(out)
        return found
