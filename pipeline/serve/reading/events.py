"""Known report dates, as they are stored; no source is asked for anything."""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable, Sequence
from typing import Any

from volcast.pipeline.home import Home
from volcast.pipeline.serve.reading.origin_rows import Row
from volcast.pipeline.serve.reading.settings import load_home_settings


def read_events(home: Home, tickers: Sequence[str], now: dt.datetime) -> list[Row]:
    """Return the report dates that hold at a moment, sorted by date and ticker.

    Parameters
    ----------
    home
        Whose settings name the sources of events, and whose folder stores them.
    tickers
        The tickers.
    now
        With a timezone; what was learnt later is left out.

    Returns
    -------
    list of dict
        `ticker, date, time, kind, learnt_at, source, authoritative`; `learnt_at` is None if it is
        not known.

    Raises
    ------
    VolcastError
        A setting or a stored file is damaged.
    """
    from volcast.pipeline.config.events import list_event_entries
    from volcast.pipeline.events.load_events import load_events
    from volcast.pipeline.events.revisions import active_versions
    from volcast.pipeline.progress import Progress

    config = load_home_settings(home)
    if not tickers or not list_event_entries(config):
        return []
    # With `as_of` the sources of a network are not asked: what is stored is read.
    stored = config.model_copy(update={"data": config.data.model_copy(update={"as_of": now})})
    events = active_versions(load_events(stored, tickers, now, Progress()).events)
    holding = events[events["superseded_at"].isna()].sort_values(["date", "ticker"], kind="stable")
    return [_to_row(event) for event in holding.to_dict("records")]


def _to_row(event: dict[Hashable, Any]) -> Row:
    learnt = event["learnt_at"]
    return {
        "ticker": str(event["ticker"]),
        "date": f"{event['date']:%Y-%m-%d}",
        "time": str(event["time"]),
        "kind": str(event["kind"]),
        "learnt_at": f"{learnt:%Y-%m-%dT%H:%M:%S.%fZ}" if learnt == learnt else None,
        "source": str(event["source"]),
        "authoritative": bool(event["authoritative"]),
    }
