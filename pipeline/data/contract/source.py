"""The contract of a data source: the request, the answer, and the reasons of missing tickers."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Protocol

import pandas as pd

from volcast.pipeline.data.contract.bar_table import select_sessions, to_bar_table
from volcast.pipeline.errors import ConfigError, DataError

NAMES_SHOWN = 10  # of a long list in a message


@dataclass(frozen=True)
class Request:
    """The requested bars.

    Parameters
    ----------
    tickers
        As the source names them; empty asks for all tickers of the source (or for its defaults).
    start, end
        First and last session, both inclusive; None leaves that side open.
    now
        The clock, with a timezone. A source of live prices returns no bar that is not final then.

    Raises
    ------
    ConfigError
        When ``start`` is after ``end``, a ticker is blank or ``now`` has no timezone.

    Examples
    --------
    >>> now = dt.datetime(2024, 6, 1, tzinfo=dt.timezone.utc)
    >>> Request(("SPY",), dt.date(2024, 1, 2), None, now).tickers
    ('SPY',)
    """

    tickers: tuple[str, ...]
    start: dt.date | None
    end: dt.date | None
    now: dt.datetime

    def __post_init__(self) -> None:
        if self.start is not None and self.end is not None and self.start > self.end:
            raise ConfigError(
                f"start must not be after end; start is {self.start}, end is {self.end}; swap them"
            )
        if any(not ticker.strip() for ticker in self.tickers):
            raise ConfigError(f"a ticker must not be blank; tickers are {list(self.tickers)}")
        if self.now.tzinfo is None:
            raise ConfigError(f"now needs a timezone; it is {self.now}; add one, such as UTC")


@dataclass(frozen=True, eq=False)
class Download:
    """The answer of a source.

    Parameters
    ----------
    bars
        A bar table (see `bar_table.to_bar_table`), sorted by ticker and session, before the quality
        rules: rows with NaN, impossible prices and several rows of one session, the later one
        last, are possible.
    failures
        Ticker to reason, for each requested ticker that has no row in ``bars``.
    notes
        Further messages for the user, such as that stored bars are old.
    vintages
        Ticker to the moment its bars were fetched, ISO format; empty if the source keeps none.
    history
        Rows of the quality table on what the source changed over time; None if it keeps none.
    understood
        What was understood of each file, for a source that reads files.
    """

    bars: pd.DataFrame
    failures: dict[str, str]
    notes: tuple[str, ...] = ()
    vintages: dict[str, str] = field(default_factory=dict)
    history: pd.DataFrame | None = None
    understood: tuple[str, ...] = ()


class Source(Protocol):
    """A source of daily bars."""

    def load(self, request: Request) -> Download:
        """Return the bars of the requested tickers, from ``start`` to ``end``.

        A ticker that the source cannot deliver is listed in ``failures``; the others are returned.

        Raises
        ------
        DataError
            When no ticker can be delivered, or the source cannot be read at all.
        ConfigError
            When the source needs an option that is not given.
        """
        ...


def build_download(
    request: Request, bars: pd.DataFrame, failures: Mapping[str, str] | None = None
) -> Download:
    """Build the answer to a request from the bars of a source.

    The bars are brought into the form of a bar table and cut to the request; each requested ticker
    without a row gets a reason.

    Parameters
    ----------
    request
        If it names no ticker, every ticker in ``bars`` is returned.
    bars
        Anything that `bar_table.to_bar_table` takes; tickers that were not requested are left out.
    failures
        Ticker to reason, if the source knows a better one than "there is no such ticker".

    Raises
    ------
    DataError
        When no ticker has a row left; the message lists each with its reason.

    Examples
    --------
    >>> now = dt.datetime(2024, 6, 1, tzinfo=dt.timezone.utc)
    >>> prices = {"open": [1.0], "high": [2.0], "low": [1.0], "close": [2.0]}
    >>> bars = pd.DataFrame({"ticker": "SPY", "session": [pd.Timestamp("2024-01-02")], **prices})
    >>> build_download(Request(("SPY", "QQQ"), None, None, now), bars).failures
    {'QQQ': 'there is no such ticker; the known tickers are SPY'}
    """
    bars, reasons = to_bar_table(bars), dict(failures or {})
    known = list(bars["ticker"].unique())
    asked = list(dict.fromkeys(request.tickers or (*known, *reasons)))
    own = bars[bars["ticker"].isin(asked)] if request.tickers else bars
    inside = select_sessions(own, request.start, request.end)
    answered = set(inside["ticker"].unique())
    for ticker in asked:
        if ticker not in answered and ticker in known:
            reasons[ticker] = _explain_empty_range(
                request, bars.loc[bars["ticker"] == ticker, "session"]
            )
        elif ticker not in answered and ticker not in reasons:
            reasons[ticker] = explain_unknown_ticker(ticker, known)
    reasons = {ticker: reasons[ticker] for ticker in asked if ticker not in answered}
    if not answered:
        raise DataError(f"no ticker has bars; {format_failures(reasons)}")
    return Download(inside.reset_index(drop=True), reasons)


def explain_unknown_ticker(ticker: str, known: list[str]) -> str:
    """Return the reason for a ticker that a source does not have, with similar ones that it has.

    Examples
    --------
    >>> explain_unknown_ticker("APPL", ["AAPL", "SPY"])
    'there is no such ticker; the nearest are AAPL'
    """
    nearest = get_close_matches(ticker.upper(), [name.upper() for name in known], n=3)
    near = [name for name in known if name.upper() in nearest]
    if near:
        return f"there is no such ticker; the nearest are {', '.join(near[:NAMES_SHOWN])}"
    more = f" and {len(known) - NAMES_SHOWN} more" if len(known) > NAMES_SHOWN else ""
    return f"there is no such ticker; the known tickers are {', '.join(known[:NAMES_SHOWN])}{more}"


def format_failures(failures: Mapping[str, str]) -> str:
    """Return tickers and their reasons in one line; of a long list only the first.

    Examples
    --------
    >>> format_failures({"AAA": "no bars", "BBB": "no such ticker"})
    'AAA: no bars; BBB: no such ticker'
    """
    shown = [f"{ticker}: {reason}" for ticker, reason in list(failures.items())[:NAMES_SHOWN]]
    more = len(failures) - len(shown)
    return "; ".join(shown) + (f"; and {more} more" if more else "")


def _explain_empty_range(request: Request, sessions: pd.Series) -> str:
    first, last = sessions.min().date(), sessions.max().date()
    asked = f"from {request.start or 'the start'} to {request.end or 'the end'}"
    return f"there are no bars {asked}; the source covers {first} to {last}"
