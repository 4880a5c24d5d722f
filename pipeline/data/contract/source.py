"""The contract of a data source: what is asked, what comes back, and the shape of a bar table."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Protocol

import pandas as pd

from volcast.pipeline.errors import ConfigError, DataError

PRICE_COLUMNS = ("open", "high", "low", "close", "adj_close")
NUMBER_COLUMNS = (*PRICE_COLUMNS, "volume", "variance")
COLUMNS = ("ticker", "session", *NUMBER_COLUMNS)
NAMES_SHOWN = 10  # of a long list, in a message


@dataclass(frozen=True)
class Request:
    """What is asked of a source.

    Parameters
    ----------
    tickers
        As the source names them; empty asks for all that the source has (or for its defaults).
    start, end
        First and last session, both included; None leaves that side open.
    now
        The clock, with a timezone. A source of live prices returns no bar that is not final then.

    Raises
    ------
    ConfigError
        When ``start`` lies after ``end``, a ticker is blank or ``now`` has no timezone.

    """

    tickers: tuple[str, ...]
    start: dt.date | None
    end: dt.date | None
    now: dt.datetime

    def __post_init__(self) -> None:
        if self.start is not None and self.end is not None and self.start > self.end:
            raise ConfigError(
                f"start must not lie after end; start is {self.start}, end is {self.end}; swap them"
            )
        if any(not ticker.strip() for ticker in self.tickers):
            raise ConfigError(f"a ticker must not be blank; tickers are {list(self.tickers)}")
        if self.now.tzinfo is None:
            raise ConfigError(f"now needs a timezone; it is {self.now}; add one, such as UTC")


@dataclass(frozen=True, eq=False)
class Download:
    """What a source answers.

    Parameters
    ----------
    bars
        The columns `COLUMNS`, sorted by ticker and session, before the quality rules: rows with
        NaN, impossible prices and several rows of one session are possible, the later one last.
    failures
        Ticker to reason, for each ticker asked for that has no row in ``bars``.
    notes
        What else a user should know, such as that stored bars are old.
    vintages
        Ticker to the moment its bars were fetched, ISO format; empty where a source keeps none.
    history
        Rows of the quality table on what the source changed over time; None where it keeps none.

    """

    bars: pd.DataFrame
    failures: dict[str, str]
    notes: tuple[str, ...] = ()
    vintages: dict[str, str] = field(default_factory=dict)
    history: pd.DataFrame | None = None


class Source(Protocol):
    """Where bars come from."""

    def load(self, request: Request) -> Download:
        """Return the bars of the tickers asked for, from ``start`` to ``end``.

        A ticker that the source cannot deliver is named in ``failures``; the others are kept.

        Raises
        ------
        DataError
            When no ticker can be delivered, or the source as a whole cannot be read.
        ConfigError
            When the source needs an option that was not given.

        """
        ...


def conform(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the bar table of a frame: the columns `COLUMNS`, typed, sorted, the index 0 .. n-1.

    ``adj_close`` falls back to ``close``, ``volume`` and ``variance`` to NaN. Sessions lose their
    time of day and their timezone (the date stays the local one). Rows of one ticker and session
    keep their order. NaN is kept.
    """
    fallback = {"adj_close": frame["close"], "volume": float("nan"), "variance": float("nan")}
    missing: dict[str, Any] = {name: value for name, value in fallback.items() if name not in frame}
    bars = frame.assign(**missing)[list(COLUMNS)]
    local = pd.DatetimeIndex(bars["session"]).tz_localize(None).normalize()
    types = dict.fromkeys(NUMBER_COLUMNS, "float64") | {"ticker": "str"}
    bars = bars.assign(session=local.as_unit("us")).astype(types)
    return bars.sort_values(["ticker", "session"], kind="stable", ignore_index=True)


def assemble(
    request: Request, bars: pd.DataFrame, failures: Mapping[str, str] | None = None
) -> Download:
    """Cut the bars of a source to the request, and say what became of each ticker asked for.

    Parameters
    ----------
    request
        An empty ``tickers`` asks for every ticker in ``bars``.
    bars
        Anything that `conform` takes; tickers that were not asked for are left out.
    failures
        Ticker to reason, where the source knows better than "there is no such ticker".

    Raises
    ------
    DataError
        When no ticker has a row left; the message lists each with its reason.

    """
    bars, reasons = conform(bars), dict(failures or {})
    known = list(dict.fromkeys(bars["ticker"]))
    asked = list(dict.fromkeys(request.tickers or (*known, *reasons)))
    inside = between(bars[bars["ticker"].isin(asked)], request.start, request.end)
    answered = set(inside["ticker"])
    for ticker in asked:
        if ticker not in answered and ticker in known:
            reasons[ticker] = _outside(request, bars.loc[bars["ticker"] == ticker, "session"])
        elif ticker not in answered and ticker not in reasons:
            reasons[ticker] = unknown(ticker, known)
    reasons = {ticker: reasons[ticker] for ticker in asked if ticker not in answered}
    if not answered:
        raise DataError(f"no ticker has bars; {listed(reasons)}")
    return Download(inside.reset_index(drop=True), reasons)


def between(bars: pd.DataFrame, start: dt.date | None, end: dt.date | None) -> pd.DataFrame:
    """Return the rows with a session from ``start`` to ``end``, both included; None is open."""
    keep = pd.Series(True, index=bars.index)
    if start is not None:
        keep &= bars["session"] >= pd.Timestamp(start)
    if end is not None:
        keep &= bars["session"] <= pd.Timestamp(end)
    return bars[keep]


def unknown(ticker: str, known: list[str]) -> str:
    """Return the reason for a ticker that a source does not have, with the nearest it has."""
    nearest = get_close_matches(ticker.upper(), [name.upper() for name in known], n=3)
    near = [name for name in known if name.upper() in nearest]
    if near:
        return f"there is no such ticker; the nearest are {', '.join(near[:NAMES_SHOWN])}"
    more = f" and {len(known) - NAMES_SHOWN} more" if len(known) > NAMES_SHOWN else ""
    return f"there is no such ticker; there are {', '.join(known[:NAMES_SHOWN])}{more}"


def listed(failures: Mapping[str, str]) -> str:
    """Return failures in one line, the first few of them."""
    shown = [f"{ticker}: {reason}" for ticker, reason in list(failures.items())[:NAMES_SHOWN]]
    more = len(failures) - len(shown)
    return "; ".join(shown) + (f"; and {more} more" if more else "")


def _outside(request: Request, sessions: pd.Series) -> str:
    first, last = sessions.min().date(), sessions.max().date()
    asked = f"from {request.start or 'the start'} to {request.end or 'the end'}"
    return f"there are no bars {asked}; the source has {first} to {last}"
