"""Tickers with many bars on days on which their exchange was closed, and the likely cause."""

import dataclasses
from collections.abc import Mapping

import numpy as np
import pandas as pd

from volcast.pipeline.data.calendars.exchange_calendar import ALWAYS_OPEN, WEEKDAYS
from volcast.pipeline.data.calendars.sessions import sessions_between
from volcast.pipeline.data.contract.source import Download, format_failures
from volcast.pipeline.errors import DataError

MOST_CLOSED = 0.05  # of a ticker's bars, before it is left out
LEAST_BARS = 20  # of fewer bars, a share says nothing
FITTING = 0.01  # share of bars on closed days of a calendar that fits
SATURDAY, SUNDAY = WEEKEND = 5, 6  # as pandas counts days of the week
NIGHTLY = (WEEKDAYS, "CMES")  # whose sessions begin on Sunday evening, in America
MOST = 0.9  # of the bars on closed days
MISFIT = 0.015  # share of bars on closed days, above which another calendar is tried
BETTER = 0.002  # share of bars on closed days of a calendar that fits better than one up to 5 %
# Tried in this order as the exchange that the bars may be from.
CANDIDATES = ("XNYS", "XTAE", "XSAU", "XLON", "XETR", "XTKS", "XHKG", "XBOM", "XSHG", "XASX")
SETTING = (
    'set data.calendar = "{}" (--calendar), and name the ticker without a suffix that says '
    "another exchange"
)
DAY = pd.Timedelta(days=1)


def count_closed_days(bars: pd.DataFrame, calendars: Mapping[str, str]) -> dict[str, int]:
    """Return for each ticker how many of its bars are on days without a session.

    Parameters
    ----------
    bars
        A bar table.
    calendars
        Ticker to calendar name, for every ticker in the bars.
    """
    counts = {}
    for ticker, own in bars.groupby("ticker", sort=False)["session"]:
        counts[str(ticker)] = int(_is_closed(own, calendars[str(ticker)]).sum())
    return counts


def explain_closed_days(bars: pd.DataFrame, calendars: Mapping[str, str]) -> dict[str, str]:
    """Return the likely cause for each ticker with more than `MOST_CLOSED` bars on closed days.

    Parameters
    ----------
    bars
        A bar table.
    calendars
        Ticker to calendar name, for every ticker in the bars.

    Returns
    -------
    Ticker to a sentence that names the share, the cause and the setting that mends it.

    Examples
    --------
    >>> days = pd.date_range("2024-01-01", periods=60)
    >>> bars = pd.DataFrame({"ticker": "COIN", "session": days})
    >>> print(explain_closed_days(bars, {"COIN": "XNYS"})["COIN"][:71])
    19 of 60 bars are on days on which XNYS was closed (such as 2024-01-01)
    """
    reasons = {}
    for name, own in bars.groupby("ticker", sort=False)["session"]:
        ticker = str(name)
        closed = _is_closed(own, calendars[ticker])
        if len(own) < LEAST_BARS or closed.mean() <= MOST_CLOSED:
            continue
        example = own[closed].iloc[0]
        reasons[ticker] = (
            f"{closed.sum():,} of {len(own):,} bars are on days on which {calendars[ticker]} was "
            f"closed (such as {example:%Y-%m-%d}): {_find_cause(ticker, own, calendars[ticker])}"
        )
    return reasons


def suggest_calendars(bars: pd.DataFrame, calendars: Mapping[str, str]) -> dict[str, str]:
    """Return a sentence for each ticker with some bars on closed days, whom another calendar fits.

    At most `MOST_CLOSED` of its bars are on days on which its exchange was closed, more than
    `MISFIT`, and next to none for the other calendar.

    Examples
    --------
    >>> days = pd.bdate_range("2021-01-01", "2023-12-31")
    >>> days = days[~days.strftime("%m-%d").isin(["01-01", "12-25", "12-26"])]
    >>> bars = pd.DataFrame({"ticker": "BMW", "session": days})
    >>> suggest_calendars(bars, {"BMW": "24/7"})
    {}
    """
    hints = {}
    for name, own in bars.groupby("ticker", sort=False)["session"]:
        ticker, calendar = str(name), calendars[str(name)]
        closed = _is_closed(own, calendar)
        if len(own) < LEAST_BARS or not MISFIT < closed.mean() <= MOST_CLOSED:
            continue
        better = (each for each in CANDIDATES if _is_closed(own, each).mean() <= BETTER)
        if found := next(better, None):
            hints[ticker] = (
                f"{closed.sum():,} of {len(own):,} bars of {ticker} are on days on which "
                f"{calendar} was closed, next to none on those of {found}: if it trades there, "
                f"{SETTING.format(found)}"
            )
    return hints


def leave_out_closed_days(answer: Download, calendars: Mapping[str, str]) -> Download:
    """Return the answer of a source without tickers that `explain_closed_days` objects to.

    Raises
    ------
    DataError
        No ticker is left; the message has the likely cause and the remedy.
    """
    reasons = explain_closed_days(answer.bars, calendars)
    hints = tuple(suggest_calendars(answer.bars, calendars).values())
    answer = dataclasses.replace(answer, notes=(*answer.notes, *hints))
    if not reasons:
        return answer
    bars = answer.bars[~answer.bars["ticker"].isin(list(reasons))].reset_index(drop=True)
    failures = {**answer.failures, **reasons}
    if bars.empty:
        raise DataError(f"no ticker has bars that can be used; {format_failures(failures)}")
    return dataclasses.replace(answer, bars=bars, failures=failures)


def _is_closed(sessions: pd.Series, calendar: str) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    known = sessions_between(calendar, sessions.min(), sessions.max())
    return np.asarray(~sessions.isin(known))


def _find_cause(ticker: str, sessions: pd.Series, calendar: str) -> str:
    """Return the likely cause and the remedy, as the end of a sentence."""
    weekday = sessions.dt.day_of_week
    if calendar in NIGHTLY and weekday[_is_closed(sessions, calendar)].isin(WEEKEND).mean() > MOST:
        return (
            "they are Saturdays and Sundays: rows that the export fills in, or the first hours of "
            "Monday's session; drop them"
        )
    both_ends = min((weekday == SATURDAY).mean(), (weekday == SUNDAY).mean())
    if both_ends > MOST_CLOSED:
        return f"it trades at weekends; {SETTING.format(ALWAYS_OPEN)}"
    for shift, side in ((DAY, "early"), (-DAY, "late")):
        if _is_closed(sessions + shift, calendar).mean() <= FITTING:
            return (
                f"all dates lie a day {side}, as times in UTC do that were cut to dates; export "
                'the times too, with their offset, or set data.timezone = "UTC" (--timezone) for '
                "times without one"
            )
    for candidate in (*CANDIDATES, "XDFM", WEEKDAYS):
        if candidate != calendar and _is_closed(sessions, candidate).mean() <= FITTING:
            return f"the days are those of {candidate}; {SETTING.format(candidate)}"
    return (
        f"they are of another exchange, or the dates are wrong; {SETTING.format('XLON')} with the "
        "name of the exchange in place of XLON, or set data.timezone"
    )
