"""What one source of events returns."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True, eq=False)
class SourceEvents:
    """The events of one source, and what is to be said about them.

    Parameters
    ----------
    name
        The name of the source, or of the file.
    events
        An event table.
    notes
        Messages for the user.
    reasons
        Ticker to the reason why the source has no event of it.
    refreshed
        When the source last answered; None for a file, or if it never did.
    """

    name: str
    events: pd.DataFrame
    notes: tuple[str, ...]
    reasons: Mapping[str, str]
    refreshed: dt.datetime | None
