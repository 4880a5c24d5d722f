"""Forecasts with known values, and ledgers that hold them."""

from __future__ import annotations

import datetime as dt
import math
from pathlib import Path

import numpy as np
import pandas as pd

from volcast.pipeline.data.calendars.sessions import following_sessions
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.ledger.records import Decision, Forecast, Outcome

ORIGIN = dt.date(2018, 1, 3)  # a Wednesday; New York opens on Thursday at 14:30 UTC
EVENING = dt.datetime(2018, 1, 3, 23, 0, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
AFTERWARDS = EVENING + 4 * DAY  # after all rows of `small_ledger`
KINDS = ("forecasts", "outcomes", "decisions", "alerts")


def forecast(variance: float = 1e-4, origin: dt.date = ORIGIN, **changes: object) -> Forecast:
    calendar = str(changes.get("calendar", "XNYS"))
    horizon = int(str(changes.get("horizon", 1)))
    ahead = following_sessions(calendar, origin, horizon)
    values = {
        "origin": origin,
        "target_start": ahead[0].date(),
        "target_end": ahead[-1].date(),
        "horizon": horizon,
        "ticker": "AAA",
        "calendar": calendar,
        "model": "network",
        "model_version": "2",
        "role": "champion",
        "data_vintage": EVENING - dt.timedelta(hours=1),
        "data_hash": "d" * 8,
        "config_hash": "c" * 8,
        "variance": variance,
        "lower": variance / 2,
        "upper": variance * 2,
    }
    return Forecast(**values | changes)


def har(variance: float = 1e-4, origin: dt.date = ORIGIN, **changes: object) -> Forecast:
    named = {"model": "har", "model_version": "1", "role": "fallback"}
    return forecast(variance, origin, **named | changes)


def outcome(realized: float = 1.3e-4, origin: dt.date = ORIGIN, **changes: object) -> Outcome:
    values = {"ticker": "AAA", "horizon": 1, "log_return": -0.011, "source_hash": "s" * 8}
    return Outcome(origin=origin, realized=realized, **values | changes)


def small_ledger(path: Path) -> Path:
    """Twelve rows, three of each table in turn."""
    with Ledger.to_write(path) as ledger:
        for number, day in enumerate(sessions(ORIGIN, 3)):
            now = dt.datetime.combine(day, EVENING.timetz())
            variance = 1e-4 * (1 + number)
            ledger.add_forecasts([forecast(variance, day)], now=now)
            ledger.add_outcomes([outcome(1.1 * variance, day)], now=now + DAY)
            decision = Decision(f"gate {day}", "keep", "network 2", "a tie", {"p": 0.5 + number})
            ledger.add_decision(decision, now=now + DAY)
            change = ledger.clear_alert if number == 1 else ledger.raise_alert
            change("stale data", "AAA", "no bar", {"days": number}, now=now + DAY)
    return path


def long_ledger(path: Path, count: int = 300, tickers: tuple[str, ...] = ("AAA",)) -> pd.DataFrame:
    """Forecasts of a network and of HAR, the network's closer to the outcome; return all values."""
    rng = np.random.default_rng(7)
    rows = []
    with Ledger.to_write(path) as ledger:
        for day in sessions(dt.date(2016, 1, 4), count):
            now = dt.datetime.combine(day, EVENING.timetz())
            forecasts, outcomes = [], []
            for ticker in tickers:
                realized = 1e-4 * math.exp(rng.normal(0, 0.5))
                good, poor = (realized * math.exp(rng.normal(0, s)) for s in (0.4, 0.6))
                back = float(rng.normal(0, math.sqrt(realized)))
                forecasts += [forecast(good, day, ticker=ticker), har(poor, day, ticker=ticker)]
                outcomes.append(outcome(realized, day, ticker=ticker, log_return=back))
                rows.append((day, ticker, good, poor, realized, back))
            ledger.add_forecasts(forecasts, now=now)
            ledger.add_outcomes(outcomes, now=now + DAY)
    return pd.DataFrame(rows, columns=["origin", "ticker", "good", "poor", "realized", "back"])


def sessions(first: dt.date, count: int) -> list[dt.date]:
    """The first sessions of New York from `first` on."""
    return [day.date() for day in following_sessions("XNYS", first - DAY, count)]
