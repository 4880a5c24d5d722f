"""The quality check: apply the rules to bars, and account for every row."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from volcast.pipeline.data.calendars.sessions import sessions_between
from volcast.pipeline.data.calendars.ticker_calendar import find_calendar
from volcast.pipeline.data.contract.bar_table import to_bar_table
from volcast.pipeline.data.contract.source import format_failures
from volcast.pipeline.data.quality.rules import HOLD, REJECT, RULES, Rule
from volcast.pipeline.errors import DataError

QUALITY_COLUMNS = (
    "ticker",
    "rule",
    "action",
    "rows",
    "first_session",
    "last_session",
    "note",
)
MISSING = ("missing_session", "the exchange was open and there is no usable bar", "warn")
MISSING_FOR_MOST = (
    "missing_for_most",
    "the session is missing for most tickers of the exchange: the source's fault, not theirs",
    "warn",
)
MIN_TICKERS_FOR_MOST = 3  # of fewer tickers, "most" means nothing
KEPT = ("bars", "rows kept", "count")


@dataclass(frozen=True, eq=False)
class Checked:
    """The bars that passed the rules, and what happened to the others.

    Parameters
    ----------
    bars
        The ``bars`` table of docs/tables.md: finite prices above 0, one row per ticker and session,
        low <= open, close <= high, volume above 0 or NaN, variance not negative or NaN.
    quality
        The ``quality`` table of docs/tables.md, sorted by ticker and rule. For each ticker the
        rows of ``bars`` and of the rules that reject or hold add up to the rows given to the check.
    failures
        Ticker to reason, for each ticker without a row left.
    """

    bars: pd.DataFrame
    quality: pd.DataFrame
    failures: dict[str, str]


def check_bars(bars: pd.DataFrame, calendars: Mapping[str, str] | None = None) -> Checked:
    """Apply the quality rules to raw bars.

    A range that misses open or close by rounding only is widened to hold them.

    Parameters
    ----------
    bars
        As a source returns them (`Download.bars`), NaN and repeats included.
    calendars
        Ticker to calendar name; other tickers trade by `find_calendar`.

    Raises
    ------
    DataError
        When no ticker has a row left.

    Examples
    --------
    >>> days = pd.to_datetime(["2024-01-02", "2024-01-03"])
    >>> prices = {"open": [1.0, 2.0], "high": [2.0, 1.0], "low": 1.0, "close": [2.0, 2.0]}
    >>> bars = pd.DataFrame({"ticker": "SPY", "session": days, **prices, "volume": 100.0})
    >>> checked = check_bars(bars)
    >>> len(checked.bars), checked.quality["rule"].tolist()
    (1, ['bars', 'range_excludes_body'])
    """
    raw = to_bar_table(bars)
    assigned = {
        ticker: (calendars or {}).get(ticker) or find_calendar(ticker)
        for ticker in raw["ticker"].unique()
    }
    kept = raw.assign(calendar=raw["ticker"].map(assigned))
    hits: list[tuple[pd.DataFrame, str, str, str]] = []
    for rule in RULES:
        kept, hit = _apply_rule(rule, kept)
        hits.append((hit, rule.name, rule.description, rule.action))
    missing = _find_missing_sessions(kept)
    hits.append((missing, *MISSING))
    hits.append((_find_missing_for_most(missing, kept, assigned), *MISSING_FOR_MOST))
    tallies = [_tally(*hit) for hit in hits if len(hit[0])]
    quality = _build_quality_table([*tallies, _tally(kept, *KEPT, tickers=list(assigned))])
    failures = _explain_rejected_tickers(quality)
    if kept.empty:
        raise DataError(
            f"no ticker has a usable bar; {format_failures(failures) or 'there are no rows'}"
        )
    clean = _widen_ranges(kept.drop(columns="calendar")).reset_index(drop=True)
    return Checked(clean, quality, failures)


def _apply_rule(rule: Rule, bars: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the bars after a rule, and the rows that it flagged."""
    if bars.empty:
        return bars, bars
    flags = rule.flags(bars)
    return rule.apply(bars, flags), bars[flags]


def _find_missing_sessions(bars: pd.DataFrame) -> pd.DataFrame:
    """Return ticker and session of each missing bar between a ticker's first and last one."""
    gaps = [pd.DataFrame({"ticker": bars["ticker"][:0], "session": bars["session"][:0]})]
    for name, on_calendar in bars.groupby("calendar"):
        dates = on_calendar["session"]
        grid = sessions_between(str(name), dates.min(), dates.max()).to_numpy()
        for ticker, own in on_calendar.groupby("ticker")["session"]:
            have = own.to_numpy()
            first, last = grid.searchsorted([have[0], have[-1]])
            absent = np.setdiff1d(grid[first:last], have, assume_unique=True)
            gaps.append(pd.DataFrame({"ticker": str(ticker), "session": absent}))
    return pd.concat([gap for gap in gaps if len(gap)] or gaps[:1], ignore_index=True)


def _find_missing_for_most(
    missing: pd.DataFrame, bars: pd.DataFrame, calendars: Mapping[str, str]
) -> pd.DataFrame:
    """Return the missing rows of sessions that more than half of a calendar's tickers lack.

    Only tickers whose history spans the session are counted; at least `MIN_TICKERS_FOR_MOST` of
    them must lack it.
    """
    lacking = missing.assign(calendar=missing["ticker"].map(calendars))
    span = bars.groupby("ticker")["session"].agg(["min", "max"])
    calendar = pd.Series(calendars).reindex(span.index)
    faulty = []
    for (name, session), rows in lacking.groupby(["calendar", "session"]):
        own = span[calendar == name]
        spanning = int(((own["min"] <= session) & (own["max"] >= session)).sum())
        if len(rows) >= MIN_TICKERS_FOR_MOST and len(rows) > spanning / 2:
            faulty.append(rows)
    return pd.concat(faulty or [lacking.head(0)])[["ticker", "session"]]


def add_history_rows(quality: pd.DataFrame, history: pd.DataFrame | None) -> pd.DataFrame:
    """Return a quality table with the rows on what a source changed over time, sorted alike."""
    if history is None or history.empty:
        return quality
    both = pd.concat([quality, history], ignore_index=True)
    return both.sort_values(["ticker", "rule"], ignore_index=True)


def _tally(
    rows: pd.DataFrame, rule: str, note: str, action: str, *, tickers: list[str] | None = None
) -> pd.DataFrame:
    """Return one row of the quality table per ticker: number of rows, first and last session."""
    counts = rows.groupby("ticker")["session"].agg(["size", "min", "max"])
    if tickers is not None:
        counts = counts.reindex(pd.Index(tickers, name="ticker", dtype="str"))
        counts = counts.assign(size=counts["size"].fillna(0))
    counts = counts.set_axis(["rows", "first_session", "last_session"], axis=1).reset_index()
    return counts.assign(rule=rule, action=action, note=note)


def _build_quality_table(tallies: list[pd.DataFrame]) -> pd.DataFrame:
    table = pd.concat(tallies, ignore_index=True)
    table = table[list(QUALITY_COLUMNS)].astype({"rows": "int64"})
    return table.sort_values(["ticker", "rule"], ignore_index=True)


def _explain_rejected_tickers(quality: pd.DataFrame) -> dict[str, str]:
    """Return the reason for each ticker without a row left: the rules that rejected its rows."""
    counts = quality[(quality["rule"] == KEPT[0]) & (quality["rows"] == 0)]
    rejected = quality[quality["action"].isin([REJECT, HOLD])]
    reasons = {}
    for ticker in counts["ticker"]:
        own = rejected[rejected["ticker"] == ticker]
        each = [f"{row.note} ({row.rows} rows)" for row in own.itertuples()]
        reasons[ticker] = f"no row passes the quality rules: {', '.join(each)}"
    return reasons


def _widen_ranges(bars: pd.DataFrame) -> pd.DataFrame:
    return bars.assign(
        high=bars[["open", "high", "close"]].max(axis=1),
        low=bars[["open", "low", "close"]].min(axis=1),
    )
