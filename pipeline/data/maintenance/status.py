"""What the store holds, as tables for people and scripts: dates and counts of each ticker."""

import datetime as dt
from collections.abc import Sequence

import pandas as pd

from volcast.pipeline.data.calendars.sessions import (
    calendar_name,
    last_settled_session,
    sessions_between,
)
from volcast.pipeline.data.download.fetch_plan import unusable
from volcast.pipeline.data.store.merge import CHANGES, priced
from volcast.pipeline.data.store.store import Store

STATUS_COLUMNS = (
    *("ticker", "sessions", "first", "last", "missing", "behind"),
    *("fetched", "calendar", "note"),
)
DAY, MOMENT = "%Y-%m-%d", "%Y-%m-%d %H:%M:%S UTC"


def assign_stored_calendars(
    store: Store, tickers: Sequence[str], default: str | None = None
) -> dict[str, str]:
    """Return the calendar of each ticker: as the source says, else by its name."""
    return {
        ticker: store.note(ticker).calendar or calendar_name(ticker, default) for ticker in tickers
    }


def status_table(store: Store, tickers: Sequence[str], now: dt.datetime) -> pd.DataFrame:
    """Return one row a ticker: sessions, first and last, missing, behind, fetched, note.

    ``behind`` counts the sessions that have settled at ``now`` after the last stored one.
    """
    rows = []
    calendars, fetched = assign_stored_calendars(store, tickers), store.vintages(tickers)
    for ticker, own in store.bars(tickers).groupby("ticker"):
        bars = own.set_index("session")
        has = bars.index[priced(bars)]
        name, calendar = str(ticker), calendars[str(ticker)]
        settled = last_settled_session(calendar, now)
        rows.append(
            {
                "ticker": name,
                "sessions": len(has),
                "first": f"{has[0]:{DAY}}" if len(has) else None,
                "last": f"{has[-1]:{DAY}}" if len(has) else None,
                "missing": len(unusable(bars, calendar, settled)),
                "behind": len(sessions_between(calendar, has[-1], settled)[1:]) if len(has) else 0,
                "fetched": f"{pd.Timestamp(fetched[name]):{MOMENT}}",
                "calendar": calendar,
                "note": store.note(name).failure,
            }
        )
    return pd.DataFrame(rows, columns=list(STATUS_COLUMNS))


def vintages_table(store: Store, ticker: str) -> pd.DataFrame:
    """Return one row a fetch that changed something: when, what, and on which basis."""
    log = store.log(ticker)
    groups = log.groupby("vintage")
    counts = log.groupby(["vintage", log["change"].astype("str")]).size().unstack(fill_value=0)
    table = groups.agg(
        fetched=("fetched_at", "first"),
        basis=("basis", "first"),
        factor=("factor", "first"),
        first=("session", "min"),
        last=("session", "max"),
    )
    dates = {name: table[name].dt.strftime(DAY) for name in ("first", "last")}
    table = table.assign(**dates, fetched=table["fetched"].dt.strftime(MOMENT))
    return table.join(counts.reindex(columns=list(CHANGES), fill_value=0)).reset_index()
