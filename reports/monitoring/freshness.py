"""Freshness of prices: a source without new bars, and single tickers without them."""

from collections.abc import Mapping

from volcast.reports.monitoring.alerts import Observation

ALL = "all tickers"


def freshness(sessions_behind: Mapping[str, int], *, tolerated: int = 0) -> list[Observation]:
    """Observe all tickers together (stale data) and each one (missing ticker).

    Parameters
    ----------
    sessions_behind
        For each ticker the number of settled sessions of its exchange after its last bar; 0 is up
        to date.
    tolerated
        The number of sessions that a ticker may be behind without an alert.

    Returns
    -------
    list of Observation
        The number of sessions that all tickers are behind is attributed to the source and reported
        once; a ticker is missing by its distance from the most recent one. The first new bar that
        closes the gap clears either.

    Raises
    ------
    ValueError
        There are no tickers.
    """
    if not sessions_behind:
        raise ValueError("freshness needs at least one ticker; there is none")
    common = min(sessions_behind.values())
    stale = f"no ticker has a bar for the last{_sessions(common)}" if common else "prices are fresh"
    found = [_observe("stale data", ALL, common, tolerated, stale)]
    for ticker, behind in sorted(sessions_behind.items()):
        own = behind - common
        words = (
            f"{ticker} has no bar for the last{_sessions(behind)}"
            if own
            else f"{ticker} is up to date"
        )
        found.append(_observe("missing ticker", ticker, own, tolerated, words))
    return found


def _observe(name: str, subject: str, behind: int, tolerated: int, words: str) -> Observation:
    limit = float(tolerated)
    return Observation(name, subject, float(behind), limit, limit, words, "error")


def _sessions(count: int) -> str:
    return " session" if count == 1 else f" {count} sessions"
