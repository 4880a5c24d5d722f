"""The event table that every source of events returns: its columns, their types and its rules."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from volcast.pipeline.data.tables.column_parsing import (
    PLAUSIBLE,
    parse_sessions,
    parse_tickers,
    reject_values,
)
from volcast.pipeline.errors import DataError

BEFORE_OPEN, AFTER_CLOSE, UNKNOWN = "before_open", "after_close", "unknown"
TIMES = (BEFORE_OPEN, AFTER_CLOSE, UNKNOWN)
EARNINGS = "earnings"
KINDS = (EARNINGS,)
EVENT_COLUMNS = ("ticker", "date", "time", "kind", "learnt_at", "source", "authoritative")
TIME_NAMES = {  # the ways in which files of others write the time of day, and ours
    **{time: time for time in TIMES},
    **dict.fromkeys(("bmo", "before_market", "before_market_open", "pre_market"), BEFORE_OPEN),
    **dict.fromkeys(("amc", "after_market", "after_market_close", "post_market"), AFTER_CLOSE),
    **dict.fromkeys(("nan", "none", "tns", "tbd", "time_not_supplied"), UNKNOWN),
}
FLAGS = {
    **dict.fromkeys(("true", "yes", "1", "1.0"), True),
    **dict.fromkeys(("false", "no", "0", "0.0"), False),
}
DAY_ONLY = r"\d{4}-\d{2}-\d{2}|\d{8}"
END_OF_DAY = pd.Timedelta(days=1) - pd.Timedelta(microseconds=1)


def to_event_table(
    frame: pd.DataFrame, source: str = "", *, origin: str | Path = "the events"
) -> pd.DataFrame:
    """Return a frame as an event table: checked, typed, sorted, the index 0 .. n-1.

    Parameters
    ----------
    frame
        The columns ticker (or symbol) and date, and any of the others: a missing time is
        ``unknown``, a missing kind ``earnings``, a missing learnt_at NaT, a missing authoritative
        False. Further columns are dropped.
    source
        The source of rows that name none.
    origin
        Where the frame is from, for messages: a file, or words.

    Returns
    -------
    The columns `EVENT_COLUMNS`, sorted by ticker, date and learnt_at, each row once:

    ticker
        As the source names it.
    date
        datetime64[us] at midnight, no timezone: the calendar day of the announcement at the
        ticker's exchange.
    time
        One of `TIMES`: whether the session of that day (``before_open``) or the next one
        (``after_close``) is the first to trade on it.
    kind
        One of `KINDS`.
    learnt_at
        datetime64[us, UTC]: when the row was learnt; NaT if that is not known, as in a file of past
        dates. Without a timezone it is in UTC; a day alone counts from its end.
    source
        The name of the source.
    authoritative
        Whether the row records what happened, such as a filing, rather than what was announced.

    Raises
    ------
    DataError
        A column is missing, or a value breaks its rule; origin, row, rule and remedy are named.

    Examples
    --------
    >>> rows = pd.DataFrame({"symbol": ["AAPL"], "date": ["2024-02-01"], "time": ["AMC"]})
    >>> events = to_event_table(rows, "mine")
    >>> events.loc[0, ["ticker", "time", "kind", "source"]].tolist()
    ['AAPL', 'after_close', 'earnings', 'mine']
    >>> bool(events["learnt_at"].isna().all()), bool(events["authoritative"].any())
    (True, False)
    """
    return sort_events(parse_events(frame, source, origin=origin))


def parse_events(
    frame: pd.DataFrame, source: str = "", *, origin: str | Path = "the events"
) -> pd.DataFrame:
    """Return the columns of `to_event_table` with the rows and the index of the frame."""
    file = Path(origin)
    named = frame.rename(columns={"symbol": "ticker"}) if "ticker" not in frame else frame
    for column in ("ticker", "date"):
        if column not in named:
            found = ", ".join(map(repr, named.columns))
            raise DataError(f"{file}: missing column {column}; found {found}; add or rename it")
    return pd.DataFrame(
        {
            "ticker": parse_tickers(named["ticker"], file),
            "date": parse_sessions(named["date"], file).dt.normalize(),
            "time": _parse_words(named, "time", TIME_NAMES, UNKNOWN, file),
            "kind": _parse_words(named, "kind", {kind: kind for kind in KINDS}, EARNINGS, file),
            "learnt_at": _parse_moments(_column(named, "learnt_at"), file),
            "source": _parse_sources(_column(named, "source"), source),
            "authoritative": _parse_words(named, "authoritative", FLAGS, False, file),
        }
    )


def sort_events(events: pd.DataFrame) -> pd.DataFrame:
    """Return rows of the columns `EVENT_COLUMNS` typed, sorted, and each once."""
    typed = events[list(EVENT_COLUMNS)].astype(
        {
            **dict.fromkeys(("ticker", "time", "kind", "source"), "str"),
            **{"date": "datetime64[us]", "learnt_at": "datetime64[us, UTC]"},
            "authoritative": "bool",
        }
    )
    order = ["ticker", "date", "learnt_at", "source", "time", "kind", "authoritative"]
    return typed.drop_duplicates().sort_values(order, ignore_index=True)


def build_empty_event_table() -> pd.DataFrame:
    """Return an event table without rows.

    Examples
    --------
    >>> list(build_empty_event_table().columns) == list(EVENT_COLUMNS)
    True
    """
    return sort_events(pd.DataFrame({name: [] for name in EVENT_COLUMNS}))


def compute_event_hash(events: pd.DataFrame) -> str:
    """Return the SHA-256 of an event table: equal if and only if the rows are equal.

    Examples
    --------
    >>> compute_event_hash(build_empty_event_table())[:8]
    '837885c8'
    """
    hasher = hashlib.sha256()
    for name in EVENT_COLUMNS:
        values = events[name]
        if values.dtype.kind == "M":
            hasher.update(values.dt.tz_localize(None).to_numpy("datetime64[us]").tobytes())
        elif values.dtype == bool:
            hasher.update(values.to_numpy().tobytes())
        else:
            hasher.update("\n".join(values).encode())
        hasher.update(b"\0")
    return hasher.hexdigest()


def _column(frame: pd.DataFrame, name: str) -> pd.Series:
    """Return a column; one of missing values if the frame has none."""
    return frame[name] if name in frame else pd.Series(np.nan, index=frame.index, name=name)


def _parse_sources(values: pd.Series, default: str) -> pd.Series:
    text = values.astype("str").str.strip()
    return text.where(values.notna() & text.ne(""), default)


def _parse_words(
    frame: pd.DataFrame, name: str, meanings: dict[str, Any], missing: object, file: Path
) -> pd.Series:
    """Return the meaning of each word of a column, written in any case and with any separator."""
    values = _column(frame, name)
    words = values.astype("str").str.strip().str.lower().str.replace(r"[\s-]+", "_", regex=True)
    blank = values.isna() | words.eq("")
    wrong = ~blank & ~words.isin(list(meanings))
    known = ", ".join(dict.fromkeys(str(meaning).lower() for meaning in meanings.values()))
    reject_values(values[wrong], f"is not one of {known}", file)
    return words.map(meanings).where(~blank, missing)


def _parse_moments(values: pd.Series, file: Path) -> pd.Series:
    """Return a column as moments in UTC; what is missing is NaT."""
    if values.dtype.kind == "M":
        moments = values.dt.tz_localize("UTC") if values.dt.tz is None else values
        return pd.Series(moments.dt.tz_convert("UTC").astype("datetime64[us, UTC]"))
    text = values.astype("str").str.strip()
    given = values.notna() & text.ne("")
    moments = pd.to_datetime(text.where(given), format="ISO8601", utc=True, errors="coerce").astype(
        "datetime64[us, UTC]"
    )
    plausible = moments.dt.tz_localize(None).between(*PLAUSIBLE)
    reject_values(values[given & ~plausible], "is not a moment such as 2020-01-31T22:00Z", file)
    day_only = given & text.str.fullmatch(DAY_ONLY).fillna(False)
    return moments.where(~day_only, moments + END_OF_DAY)
