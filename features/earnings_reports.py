"""Features of known earnings reports: when the next one is due, and what the past ones did.

All are (T, N) and optional; row t uses the dates known at the close of t (`KnownReports`) and
variances up to it. NaN before any report of the ticker is known. A reaction session is the first
one that trades on a report; its surprise is log variance less the mean log variance of the 66
sessions before.
"""

from __future__ import annotations

import numpy as np

from volcast.features._typing import FloatArray
from volcast.features.bars import MONTH, QUARTER, Bars
from volcast.features.registry import feature
from volcast.features.report_columns import find_report_columns
from volcast.features.windows import lag_rows, window_mean

FAMILY = "reports"
EVEN = 0.5  # probability
SHORT = 5  # sessions
FEWEST_IN_SHORT = 2  # valid sessions of `SHORT` without reactions
LIKELY = 0.3  # probability from which a session counts as a reaction, if the time is unknown


@feature(
    FAMILY,
    optional=True,
    report_next="next_1",
    report_in_2="next_2",
    report_in_3_to_5="next_3_5",
    report_within_5="within_5",
    report_within_22="within_22",
)
def report_ahead(bars: Bars, column: str) -> FloatArray:
    """Probability that a report is traded on in the coming sessions of the name.

    An announced date counts with 1, shared between two sessions if the time of day is unknown.
    Where no date is announced, the dates of past reports tell when the next one is likely.

    Parameters
    ----------
    bars
        Bars of one exchange.
    column
        A column of `ReportColumns`.

    Returns
    -------
    (T, N) between 0 and 1.
    """
    return _read(bars, column)


@feature(FAMILY, optional=True, report_distance="distance")
def report_distance(bars: Bars, column: str) -> FloatArray:
    """Sessions to the next report, announced or estimated, at most 30.

    Parameters
    ----------
    bars
        Bars of one exchange.
    column
        A column of `ReportColumns`.

    Returns
    -------
    (T, N) sessions.
    """
    return _read(bars, column)


@feature(
    FAMILY,
    optional=True,
    report_today="today",
    report_1_ago="ago_1",
    report_2_to_5_ago="ago_2_5",
    report_decay="decay",
)
def report_past(bars: Bars, column: str) -> FloatArray:
    """Whether a report was traded on today, yesterday, 2 to 5 sessions ago; exp(-sessions / 5).

    Parameters
    ----------
    bars
        Bars of one exchange.
    column
        A column of `ReportColumns`.

    Returns
    -------
    (T, N) between 0 and 1.
    """
    return _read(bars, column)


@feature(
    FAMILY, optional=True, report_own_surprise="own_surprise", report_last_surprise="last_surprise"
)
def report_surprise(bars: Bars, column: str) -> FloatArray:
    """Surprise of the ticker's past reaction sessions: their mean, or the last of a quarter.

    The mean has a half-life of four reports, and is shrunk to that of all tickers of the exchange.

    Parameters
    ----------
    bars
        Bars of one exchange.
    column
        A column of `ReportColumns`.

    Returns
    -------
    (T, N) differences of logs.
    """
    return _read(bars, column)


@feature(
    FAMILY,
    optional=True,
    report_own_next=("own_surprise", "next_1"),
    report_own_within_5=("own_surprise", "within_5"),
    report_own_within_22=("own_surprise", "within_22"),
    report_last_decay=("last_surprise", "decay"),
)
def report_interaction(bars: Bars, pair: tuple[str, str]) -> FloatArray:
    """Surprise of the ticker times the probability of a report, or times its decay.

    Parameters
    ----------
    bars
        Bars of one exchange.
    pair
        Two columns of `ReportColumns`.

    Returns
    -------
    (T, N) differences of logs; 0 where the second is 0.
    """
    surprise, weight = (_read(bars, column) for column in pair)
    return np.where(weight == 0.0, 0.0, surprise * weight)


@feature(
    FAMILY,
    optional=True,
    level=True,
    report_free_5=SHORT,
    report_free_22=MONTH,
    report_free_66=QUARTER,
)
def log_variance_without_reports(bars: Bars, sessions: int) -> FloatArray:
    """Log mean daily variance of the last 5, 22 or 66 sessions without reaction sessions.

    A session is left out if it was likely to be one as known at its own close: what is learnt later
    does not change it. Of the last 66 sessions those after a reaction are left out too.

    Parameters
    ----------
    bars
        Bars of one exchange.
    sessions
        Length of the window, session t included.

    Returns
    -------
    (T, N) logs of daily variances; NaN where fewer than 60 % of the sessions are valid, for 5
    sessions fewer than 2.
    """
    today = _read(bars, "today")
    excluded = today >= LIKELY
    if sessions == QUARTER:
        excluded |= lag_rows(today, 1) >= LIKELY
    variance = np.where(excluded, np.nan, bars.variance)
    fewest = FEWEST_IN_SHORT if sessions == SHORT else None
    mean = window_mean(variance, sessions, min_valid=fewest)
    return np.where(np.isnan(today), np.nan, np.log(mean))


def find_reactions(bars: Bars) -> FloatArray:
    """Return 1 in the sessions that more likely than not traded on a report, else 0, (T, N).

    It is what is known at their close. NaN where no report of the ticker is known.
    """
    today = _read(bars, "today")
    return np.where(np.isnan(today), np.nan, today > EVEN)


def _read(bars: Bars, column: str) -> FloatArray:
    columns = find_report_columns(bars)
    if columns is None:
        return np.full(bars.close.shape, np.nan)
    return np.asarray(getattr(columns, column), dtype=np.float64)
