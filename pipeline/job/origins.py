"""Positions of origins in a panel."""

from __future__ import annotations

import pandas as pd

from volcast.features.panel import Panel


def find_first_origin_after(panel: Panel, trained_through: str) -> int:
    """Return the position of the first session after the last one that a training used."""
    return int(panel.sessions.searchsorted(pd.Timestamp(trained_through))) + 1
