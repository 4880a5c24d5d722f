"""Tables of what the store holds: sessions, gaps and fetches of each ticker."""

import datetime as dt
from collections.abc import Sequence

import pandas as pd

from volcast.pipeline.data.calendars.opening_hours import last_settled_session
from volcast.pipeline.data.calendars.sessions import sessions_between
from volcast.pipeline.data.calendars.ticker_calendar import find_calendar
from volcast.pipeline.data.download.fetch_plan import find_unusable_sessions
from volcast.pipeline.data.store.merge import CHANGES, has_prices
from volcast.pipeline.data.store.store import Store

STATUS_COLUMNS = (
    *("ticker", "sessions", "first", "last", "missing", "behind"),
    *("fetched", "calendar", "note"),
)
DAY, MOMENT = "%Y-%m-%d", "%Y-%m-%d %H:%M:%S UTC"


def assign_stored_calendars(
    store: Store, tickers: Sequence[str], default: str | None = None
) -> dict[str, str]:
    """Return the calendar of each ticker: the one that the source named, else by its name."""
    return {
        ticker: store.state(ticker).calendar or find_calendar(ticker, default) for ticker in tickers
    }


def status_table(store: Store, tickers: Sequence[str], now: dt.datetime) -> pd.DataFrame:
    """Return one row per stored ticker.

    Parameters
    ----------
    store
        The stored bars.
    tickers
        Tickers without bars are left out.
    now
        The clock, with a timezone.

    Returns
    -------
    `STATUS_COLUMNS`: the number of sessions, the first and the last one; ``missing``, the sessions
    between them without a usable bar; ``behind``, the sessions that have settled at ``now`` after
    the last stored one; when the newest row was ``fetched`` (UTC); the calendar; and in ``note``
    why the last attempt failed.
    """
    rows = []
    calendars, fetched = assign_stored_calendars(store, tickers), store.vintages(tickers)
    for ticker, own in store.bars(tickers).groupby("ticker"):
        bars = own.set_index("session")
        priced = bars.index[has_prices(bars)]
        name, calendar = str(ticker), calendars[str(ticker)]
        settled = last_settled_session(calendar, now)
        rows.append(
            {
                "ticker": name,
                "sessions": len(priced),
                "first": f"{priced[0]:{DAY}}" if len(priced) else None,
                "last": f"{priced[-1]:{DAY}}" if len(priced) else None,
                "missing": len(find_unusable_sessions(bars, calendar, settled)),
                "behind": len(sessions_between(calendar, priced[-1], settled)[1:])
                if len(priced)
                else 0,
                "fetched": f"{pd.Timestamp(fetched[name]):{MOMENT}}",
                "calendar": calendar,
                "note": store.state(name).failure,
            }
        )
    return pd.DataFrame(rows, columns=list(STATUS_COLUMNS))


def vintages_table(store: Store, ticker: str) -> pd.DataFrame:
    """Return one row per fetch that changed something: when, what, and on which basis."""
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
