"""Checks that today's forecasts may be added to the home's ledger."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pandas as pd

from volcast.pipeline.errors import ConfigError
from volcast.pipeline.home import Home
from volcast.pipeline.ledger import chain
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.ledger.queries import RowFilter
from volcast.pipeline.ledger.records import Decision
from volcast.pipeline.ledger.write_checks import check_clock
from volcast.pipeline.text import format_names
from volcast.reports.monitoring.alerts import Observation

RECENT = dt.timedelta(days=7)  # more than a weekend, when few exchanges are open
# A night session of futures is dated by the next trading day, which may follow a long weekend.
DATED_AHEAD = dt.timedelta(days=4)
TICKERS_SHOWN = 5  # in a message
REPLAYED = "replayed"  # key and action of the decision that marks a replay


def is_replay(ledger: Ledger) -> bool:
    """Return whether the ledger was filled by a replay, so that its times are simulated."""
    return ledger.decision(REPLAYED) is not None


def check_live(ledger: Ledger, home: Home) -> None:
    """Raise ``ConfigError`` if the ledger was filled by a replay."""
    if is_replay(ledger):
        raise ConfigError(
            f"{home.folder} holds a replay, whose forecasts were not written at the times that "
            "they state; choose another --home for live forecasts"
        )


def check_clock_against_ledger(home: Home, now: dt.datetime) -> None:
    """Raise ``LedgerError`` if the clock lies before the newest row of the home's ledger."""
    if home.ledger.exists():
        with Ledger.to_read(home.ledger) as ledger:
            check_clock(now, chain.last_written_at(ledger.connection), home.ledger)


def check_clock_against_bars(now: dt.datetime, newest: pd.Timestamp | None) -> None:
    """Raise ``ConfigError`` if the source has bars of sessions that lie ahead of the clock."""
    if newest is None or newest.date() <= (now + DATED_AHEAD).date():
        return
    raise ConfigError(
        f"the clock says {now.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC, but the source has a bar of "
        f"{newest.date()}; no forecast was written: correct the clock, or the dates of the source; "
        "`volcast replay` runs over past sessions"
    )


def check_tickers(ledger: Ledger, tickers: Sequence[str], home: Home) -> None:
    """Raise ``ConfigError`` if none of the tickers was forecast in the ledger's last week."""
    last = ledger.last_origin()
    if last is None:
        return
    table = ledger.table("forecasts", RowFilter(since=last - RECENT), columns=["ticker"])
    forecast = set(table["ticker"])
    if not forecast & set(tickers):
        before, now = (format_names(sorted(each), TICKERS_SHOWN) for each in (forecast, tickers))
        raise ConfigError(
            f"{home.folder} forecasts {before}, but the source now has bars of {now} only; correct "
            "the source and the tickers, or choose another --home"
        )


def observe_ledger_ahead(ledger: Ledger, day: dt.date) -> Observation:
    """Return whether the ledger has forecasts of origins after `day`; no forecast is issued then.

    Parameters
    ----------
    ledger
        The home's ledger.
    day
        The newest session that has bars.
    """
    last = ledger.last_origin()
    if last is None or last <= day:
        return Observation("ledger ahead", "ledger", 0.0, 0.0, 0.0, "the ledger is not ahead")
    message = (
        f"nothing was done: the ledger has forecasts of {last}, but the bars end on {day}; correct "
        "the clock or the source; if those forecasts were a mistake, start another --home, because "
        "forecasts cannot be withdrawn"
    )
    return Observation("ledger ahead", "ledger", 1.0, 0.0, 0.0, message, "error")


def mark_replay(ledger: Ledger, home: Home, *, now: dt.datetime, real: dt.datetime) -> None:
    """Mark an empty ledger as that of a replay.

    Parameters
    ----------
    ledger, home
        The ledger to mark, and its home, which the message names.
    now
        The simulated time.
    real
        The real time, which is stored with the mark.

    Raises
    ------
    ConfigError
        The ledger holds live forecasts.
    """
    if is_replay(ledger):
        return
    if ledger.last_origin() is not None:
        raise ConfigError(
            f"{home.folder} holds live forecasts, which a replay must not mix with; choose another "
            "--home for the replay"
        )
    reason = "a replay: all times are those of the simulated clock"
    numbers = {"real_clock": real.isoformat(timespec="seconds")}
    ledger.add_decision(Decision(REPLAYED, REPLAYED, "ledger", reason, numbers), now=now)
