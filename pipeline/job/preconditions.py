"""Whether tonight's forecasts may be added to the ledger that is there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence

from volcast.pipeline.errors import ConfigError
from volcast.pipeline.home import Home
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.ledger.queries import RowFilter
from volcast.pipeline.ledger.records import Decision
from volcast.reports.monitoring.alerts import Observation

LATELY = dt.timedelta(days=7)
NAMED = 5  # tickers in a message
REPLAYED = "replayed"  # key and action of the decision that marks a replay


def is_replay(ledger: Ledger) -> bool:
    """Return whether the ledger was filled by a replay: its moments are of the clock handed in."""
    return ledger.decision(REPLAYED) is not None


def check_live(ledger: Ledger, home: Home) -> None:
    """Raise ``ConfigError`` where the ledger was filled by a replay."""
    if is_replay(ledger):
        raise ConfigError(
            f"{home.folder} holds a replay, whose forecasts were not written when they say; "
            "choose another --home for forecasts of now"
        )


def check_tickers(ledger: Ledger, tickers: Sequence[str], home: Home) -> None:
    """Raise ``ConfigError`` where none of the tickers was forecast in the ledger's last week."""
    last = ledger.last_origin()
    if last is None:
        return
    lately = RowFilter(since=last - LATELY)  # on a Saturday few exchanges were open
    before = set(ledger.table("forecasts", lately, columns=["ticker"])["ticker"])
    if not before & set(tickers):
        raise ConfigError(
            f"{home.folder} forecasts {_named(before)}, and now there are bars of "
            f"{_named(tickers)} alone; mend source and tickers, or choose another --home"
        )


def ahead(ledger: Ledger, day: dt.date) -> Observation:
    """Return whether the ledger has forecasts of later origins than `day`: none goes out then."""
    last = ledger.last_origin()
    if last is None or last <= day:
        return Observation("ledger ahead", "ledger", 0.0, 0.0, 0.0, "the ledger is not ahead")
    words = (
        f"nothing was done: the ledger has forecasts of {last}, the bars end on {day}; mend clock "
        "or source; if those forecasts were a mistake, begin another --home: none can be taken back"
    )
    return Observation("ledger ahead", "ledger", 1.0, 0.0, 0.0, words, "error")


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


def _named(tickers: Collection[str]) -> str:
    first = sorted(tickers)[:NAMED]
    more = len(tickers) - len(first)
    return ", ".join(first) + (f" and {more} more" if more else "")
