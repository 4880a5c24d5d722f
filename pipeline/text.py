"""Formats counts for messages."""


def format_count(count: int, noun: str) -> str:
    """Return a count with its noun, in the plural unless it is one.

    Examples
    --------
    >>> format_count(1, "forecast"), format_count(1000, "forecast")
    ('1 forecast', '1,000 forecasts')
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
