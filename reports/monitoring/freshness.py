"""Fresh prices: a source that stands still, and single tickers that fell silent."""

from collections.abc import Mapping

from volcast.reports.monitoring.alerts import Observation

ALL = "all tickers"


def freshness(sessions_behind: Mapping[str, int], *, tolerated: int = 0) -> list[Observation]:
    """Return one observation of all tickers (stale data) and one of each (missing ticker).

    Parameters
    ----------
    sessions_behind
        For each ticker the settled sessions of its exchange after its last bar; 0 is up to date.
    tolerated
        So many sessions behind raise nothing.

    What all tickers are behind is the source's fault and told once; a ticker is missing by what
    it is behind the best. Both are cleared by the first bar that makes up for it. Raises
    ``ValueError`` without tickers.
    """
    if not sessions_behind:
        raise ValueError("freshness needs at least one ticker; there is none")
    common = min(sessions_behind.values())
    stale = f"no ticker has a bar of the last{_sessions(common)}" if common else "prices are fresh"
    found = [_observed("stale data", ALL, common, tolerated, stale)]
    for ticker, behind in sorted(sessions_behind.items()):
        own = behind - common
        words = f"{ticker} lacks the last{_sessions(behind)}" if own else f"{ticker} is there"
        found.append(_observed("missing ticker", ticker, own, tolerated, words))
    return found


def _observed(name: str, subject: str, behind: int, tolerated: int, words: str) -> Observation:
    limit = float(tolerated)
    return Observation(name, subject, float(behind), limit, limit, words, "error")


def _sessions(count: int) -> str:
    return " session" if count == 1 else f" {count} sessions"
