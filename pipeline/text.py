"""Formats counts and lists for messages."""

from collections.abc import Sequence


def format_count(count: int, noun: str) -> str:
    """Return a count with its noun, in the plural unless it is one.

    Examples
    --------
    >>> format_count(1, "forecast"), format_count(1000, "forecast")
    ('1 forecast', '1,000 forecasts')
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def format_names(names: Sequence[str], shown: int) -> str:
    """Return the first names, and how many more there are.

    Examples
    --------
    >>> format_names(["AAPL", "MSFT", "SPY"], 2), format_names(["SPY"], 2)
    ('AAPL, MSFT and 1 more', 'SPY')
    """
    more = len(names) - shown
    return ", ".join(names[:shown]) + (f" and {more:,} more" if more > 0 else "")
