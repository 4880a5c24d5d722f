"""Whether a ledger was written evening by evening, or by a replay: the two are never mixed."""

from __future__ import annotations

import datetime as dt

from pipeline.errors import ConfigError
from pipeline.home import Home
from pipeline.ledger.ledger import Ledger
from pipeline.ledger.records import Decision

REPLAYED = "replayed"  # key and action of the decision that marks a replay


def is_replay(ledger: Ledger) -> bool:
    """Return whether the ledger was filled by a replay: its moments are of the clock handed in."""
    return ledger.has_decision(REPLAYED)


def check_live(ledger: Ledger, home: Home) -> None:
    """Raise ``ConfigError`` where the ledger was filled by a replay."""
    if is_replay(ledger):
        raise ConfigError(
            f"{home.folder} holds a replay, whose forecasts were not written when they say; "
            "choose another --home for forecasts of now"
        )


def mark_replay(ledger: Ledger, home: Home, *, now: dt.datetime, real: dt.datetime) -> None:
    """Mark an empty ledger as a replay's, with the real time beside the one handed in.

    Raises
    ------
    ConfigError
        It holds forecasts that were written evening by evening.
    """
    if is_replay(ledger):
        return
    if ledger.last_origin() is not None:
        raise ConfigError(
            f"{home.folder} holds forecasts that were written when they say; a replay must not mix "
            "with them: choose another --home for it"
        )
    reason = "a replay: each moment is that of the clock handed in"
    numbers = {"real_clock": real.isoformat(timespec="seconds")}
    ledger.add_decision(Decision(REPLAYED, REPLAYED, "ledger", reason, numbers), now=now)
