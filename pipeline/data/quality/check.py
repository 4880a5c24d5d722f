"""Checking bars: apply the rules of quality, and account for every row."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from volcast.pipeline.data.calendars.sessions import calendar_name, sessions_between
from volcast.pipeline.data.contract.source import conform, listed
from volcast.pipeline.data.quality.rules import RULES, Rule
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
REJECT = "reject row"
MISSING = ("missing_session", "the exchange was open and there is no usable bar", "warn")
MISSING_FOR_MOST = (
    "missing_for_most",
    "the session is missing for most tickers of the exchange: the source's fault, not theirs",
    "warn",
)
FEW = 3  # tickers; of fewer, most says nothing
KEPT = ("bars", "rows kept", "count")


@dataclass(frozen=True, eq=False)
class Checked:
    """Bars that passed the rules, and what happened to the others.

    Parameters
    ----------
    bars
        The ``bars`` table of docs/tables.md: finite prices above 0, one row a ticker and session,
        low <= open, close <= high, volume above 0 or NaN, variance not negative or NaN.
    quality
        The ``quality`` table of docs/tables.md, sorted by ticker and rule. For each ticker the
        rows of ``bars`` and of the rules that reject add up to the rows that came in.
    failures
        Ticker to reason, for each ticker of which no row is left.

    """

    bars: pd.DataFrame
    quality: pd.DataFrame
    failures: dict[str, str]


def check(bars: pd.DataFrame, calendar_of: Mapping[str, str] | None = None) -> Checked:
    """Apply the rules of quality to raw bars.

    Parameters
    ----------
    bars
        As a source returns them (`Download.bars`), NaN and repeats included.
    calendar_of
        Ticker to calendar name; a ticker that is not in it goes by `calendar_name`.

    A range that misses open or close by rounding only is widened to hold them.

    Raises
    ------
    DataError
        When no ticker has a row left.

    """
    raw = conform(bars)
    calendars = {
        ticker: (calendar_of or {}).get(ticker) or calendar_name(ticker)
        for ticker in raw["ticker"].unique()
    }
    kept = raw.assign(calendar=raw["ticker"].map(calendars))
    hits = []
    for rule in RULES:
        kept, hit = _apply(rule, kept)
        hits.append(_tallied(hit, rule.name, rule.says, rule.action))
    missing = _missing_sessions(kept)
    hits.append(_tallied(missing, *MISSING))
    hits.append(_tallied(_missing_for_most(missing, kept, calendars), *MISSING_FOR_MOST))
    hits.append(_tallied(kept, *KEPT, tickers=list(calendars)))
    quality = _table(hits)
    failures = _emptied(quality)
    if kept.empty:
        raise DataError(f"no ticker has a usable bar; {listed(failures) or 'there are no rows'}")
    clean = _widened(kept.drop(columns="calendar")).reset_index(drop=True)
    return Checked(clean, quality, failures)


def _apply(rule: Rule, bars: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the bars after a rule, and the rows it fired on."""
    if bars.empty:
        return bars, bars
    flags = rule.flags(bars)
    hit = bars[flags]
    if rule.action == REJECT:
        return bars[~flags], hit
    if rule.masks:
        bars = bars.assign(**{rule.masks: bars[rule.masks].mask(flags)})
    return bars, hit


def _missing_sessions(bars: pd.DataFrame) -> pd.DataFrame:
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


def _missing_for_most(
    missing: pd.DataFrame, bars: pd.DataFrame, calendars: Mapping[str, str]
) -> pd.DataFrame:
    """Return the missing rows of sessions that more than half of a calendar's tickers lack.

    Only tickers whose history spans the session count, and there must be `FEW` at least.
    """
    lacking = missing.assign(calendar=missing["ticker"].map(calendars))
    span = bars.groupby("ticker")["session"].agg(["min", "max"])
    calendar_of = pd.Series(calendars).reindex(span.index)
    faulty = []
    for (calendar, session), rows in lacking.groupby(["calendar", "session"]):
        own = span[calendar_of == calendar]
        spanning = int(((own["min"] <= session) & (own["max"] >= session)).sum())
        if len(rows) >= FEW and len(rows) > spanning / 2:
            faulty.append(rows)
    return pd.concat(faulty or [lacking.head(0)])[["ticker", "session"]]


def with_history(quality: pd.DataFrame, history: pd.DataFrame | None) -> pd.DataFrame:
    """Return a quality table with the rows of what a source changed over time, sorted alike."""
    if history is None or history.empty:
        return quality
    both = pd.concat([quality, history], ignore_index=True)
    return both.sort_values(["ticker", "rule"], ignore_index=True)


def _tallied(
    rows: pd.DataFrame, rule: str, says: str, action: str, *, tickers: list[str] | None = None
) -> pd.DataFrame:
    """Return one quality row a ticker: how many rows, the first and the last session."""
    tally = rows.groupby("ticker")["session"].agg(["size", "min", "max"])
    if tickers is not None:
        tally = tally.reindex(pd.Index(tickers, name="ticker", dtype="str"))
        tally = tally.assign(size=tally["size"].fillna(0))
    tally = tally.set_axis(["rows", "first_session", "last_session"], axis=1).reset_index()
    return tally.assign(rule=rule, action=action, note=says)


def _table(hits: list[pd.DataFrame]) -> pd.DataFrame:
    table = pd.concat([hit for hit in hits if len(hit)] or hits[:1], ignore_index=True)
    table = table[list(QUALITY_COLUMNS)].astype({"rows": "int64"})
    return table.sort_values(["ticker", "rule"], ignore_index=True)


def _emptied(quality: pd.DataFrame) -> dict[str, str]:
    """Return the reason for each ticker without a row left: the rules that took them."""
    counts = quality[(quality["rule"] == KEPT[0]) & (quality["rows"] == 0)]
    rejected = quality[quality["action"] == REJECT]
    reasons = {}
    for ticker in counts["ticker"]:
        own = rejected[rejected["ticker"] == ticker]
        each = [f"{row.note} ({row.rows} rows)" for row in own.itertuples()]
        reasons[ticker] = f"no row passes the quality rules: {', '.join(each)}"
    return reasons


def _widened(bars: pd.DataFrame) -> pd.DataFrame:
    return bars.assign(
        high=bars[["open", "high", "close"]].max(axis=1),
        low=bars[["open", "low", "close"]].min(axis=1),
    )
