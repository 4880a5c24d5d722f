"""How numbers, days and moments are shown on pages; a dash for what is not known."""

from __future__ import annotations

import datetime as dt
from typing import Any

MISSING = "\N{EN DASH}"
HORIZONS = {1: "next session", 5: "next week", 22: "next month"}


def format_number(value: float | None, digits: int = 1, sign: bool = False) -> str:
    """Return a number with its decimals.

    Examples
    --------
    >>> format_number(15.874), format_number(2.0, 2, sign=True)
    ('15.9', '+2.00')
    """
    if value is None:
        return MISSING
    return f"{value:{'+' if sign else ''},.{digits}f}".replace("-", "\N{MINUS SIGN}")


def format_share(value: float | None) -> str:
    r"""Return a share of 1 in percent.

    Examples
    --------
    >>> format_share(0.912)
    '91.2\xa0%'
    """
    return MISSING if value is None else f"{100 * value:.1f}\N{NO-BREAK SPACE}%"


def format_level(level: float) -> str:
    r"""Return the nominal coverage of an interval, a share of 1, in percent.

    Examples
    --------
    >>> format_level(0.9), format_level(0.975)
    ('90\xa0%', '97.5\xa0%')
    """
    return f"{100 * level:g}\N{NO-BREAK SPACE}%"


def format_intervals(row: dict[str, Any]) -> list[str]:
    r"""Return the intervals of a forecast, the narrowest first.

    Parameters
    ----------
    row
        With `volatility_lower`, `volatility_upper` and `volatility_intervals`, annualised and in
        percent, and `interval_level`, a share of 1; None where there is no interval, or where its
        level is not known.

    Examples
    --------
    >>> bounds = {"volatility_lower": 8.0, "volatility_upper": 21.0, "interval_level": 0.9}
    >>> format_intervals({**bounds, "volatility_intervals": {"0.8": [10.0, 18.5]}})
    ['10.0 to 18.5 (80\xa0%)', '8.0 to 21.0 (90\xa0%)']
    """
    further = (row["volatility_intervals"] or {}).items()
    found = [(*bounds, float(level)) for level, bounds in further]
    if row["volatility_lower"] is not None:
        found += [(row["volatility_lower"], row["volatility_upper"], row["interval_level"])]
    found.sort(key=lambda interval: interval[1] - interval[0])
    return [
        f"{format_number(lower)} to {format_number(upper)}"
        + (f" ({format_level(level)})" if level else "")
        for lower, upper, level in found
    ]


def format_moment(value: str | dt.datetime | None) -> str:
    """Return a moment in UTC to the minute.

    Examples
    --------
    >>> format_moment("2018-01-03T23:00:00.000000Z")
    '2018-01-03 23:00'
    """
    if value is None:
        return MISSING
    moment = dt.datetime.fromisoformat(value) if isinstance(value, str) else value
    return f"{moment:%Y-%m-%d %H:%M}"


def format_horizon(sessions: int) -> str:
    """Return a horizon in words.

    Examples
    --------
    >>> format_horizon(5), format_horizon(10)
    ('next week', 'next 10 sessions')
    """
    return HORIZONS.get(sessions, f"next {sessions} sessions")


def format_sentence(text: str) -> str:
    """Return a text with its first letter as a capital; the others stay as they are.

    Examples
    --------
    >>> format_sentence("keep HAR")
    'Keep HAR'
    """
    return text[:1].upper() + text[1:]
