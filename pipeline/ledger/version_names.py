"""How decisions, scores and people name the version of a model."""

from __future__ import annotations

REGISTERED = "registered"  # the action of decisions whose numbers include a backtest


def format_series(model: str, version: str) -> str:
    """Return the name of a version's series in the scores.

    Examples
    --------
    >>> format_series("network", "7")
    'network 7'
    """
    return f"{model} {version}"
