"""Numbers with their nouns."""


def counted(count: int, noun: str) -> str:
    """Return ``1 forecast``, ``2 forecasts``, ``1,000 forecasts``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
