"""Events written by hand."""

import datetime as dt

import pandas as pd

from volcast.pipeline.events.event_table import to_event_table

NOW = dt.datetime(2024, 6, 1, 12, tzinfo=dt.UTC)


def event(date, learnt_at=None, time="unknown", *, ticker="AAA", source="s", record=False) -> dict:
    return {
        "ticker": ticker,
        "date": date,
        "time": time,
        "learnt_at": learnt_at,
        "source": source,
        "authoritative": record,
    }


def table(*events: dict) -> pd.DataFrame:
    return to_event_table(pd.DataFrame(list(events)))
