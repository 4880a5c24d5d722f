"""The evening's report: its tables from the ledger, and its page."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pandas as pd

from volcast.features.units import volatility_annual_pct
from volcast.models.baselines.catalogue import REFERENCE
from volcast.pipeline.data.calendars.sessions import periods_per_year
from volcast.pipeline.files import write_text
from volcast.pipeline.home import Home
from volcast.pipeline.job.preconditions import is_replay
from volcast.pipeline.job.report_index import PAGE, earlier_page, note_evening, write_index
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.ledger.queries import RowFilter
from volcast.pipeline.ledger.scoring import (
    REGISTERED,
    format_series,
    live_scores,
    read_backtests,
    scored_rows,
)
from volcast.pipeline.panel.build import assign_calendars
from volcast.pipeline.registry.promotion import CHANGES
from volcast.reports.evening.content import EveningContent
from volcast.reports.evening.page import render_evening

if TYPE_CHECKING:
    from volcast.pipeline.job.context import JobContext
    from volcast.pipeline.job.summary import Summary

DRAWN, SCORED = 120, 250  # sessions of the past in the figures, and in the live scores


def write_report(home: Home, context: JobContext, summary: Summary) -> None:
    """Write ``reports/DATE/report.html``, its note for the index, and the index of all dates."""
    folder = home.reports / f"{summary.origin:%Y-%m-%d}"
    folder.mkdir(parents=True, exist_ok=True)
    ledger = context.ledger
    rows = _readable(ledger.table("scored", RowFilter(since=context.sessions_ago(DRAWN))), context)
    known = scored_rows(ledger, live_only=False, since=context.sessions_ago(SCORED))
    tonight = _newest(rows, summary.origin)
    content = EveningContent(
        day=pd.Timestamp(summary.origin),
        champion=summary.champion,
        decision=summary.decision,
        forecasts=tonight,
        past=_past(rows),
        scores=live_scores(known[known["live"]], read_backtests(ledger)),
        alerts=ledger.open_alerts(),
        changes=_changes(ledger),
        missing=[ticker for ticker in context.tickers if ticker not in set(tonight["ticker"])],
        notes=summary.notes,
        late=int((~known["live"] & (known["role"] == "champion")).sum()),
        replayed=is_replay(ledger),
        before=earlier_page(home, summary.origin),
        interval_level=context.config.report.interval,
        head=summary.head,
    )
    write_text(folder / PAGE, render_evening(content))
    note_evening(folder, content)
    write_index(home)


def _readable(scored: pd.DataFrame, context: JobContext) -> pd.DataFrame:
    """Return the forecasts with volatilities in annualised percent."""
    names = assign_calendars(list(scored["ticker"].unique()), context.config)
    periods = scored["ticker"].map({t: periods_per_year(n) for t, n in names.items()}).to_numpy()
    columns = {"variance": "volatility", "realized": "came", "lower": "low", "upper": "high"}
    return scored.assign(
        **{
            new: volatility_annual_pct(scored[old].to_numpy(float), periods)
            for old, new in columns.items()
        }
    )


def _newest(rows: pd.DataFrame, origin: dt.date) -> pd.DataFrame:
    """Return what went out tonight and who made it, beside HAR's and that of the evening before."""
    cell = ["ticker", "horizon"]
    issued = rows[rows["role"] == "champion"]
    tonight = issued[issued["origin"] == pd.Timestamp(origin)]
    earlier = issued[issued["origin"] < pd.Timestamp(origin)]
    before = earlier[earlier["origin"] == earlier["origin"].max()].set_index(cell)["volatility"]
    har = rows[(rows["model"] == REFERENCE) & (rows["origin"] == pd.Timestamp(origin))]
    table = tonight.set_index(cell)
    table = table.assign(
        har=har.drop_duplicates(cell).set_index(cell)["volatility"],
        change=table["volatility"] - before.reindex(table.index),
        model=[_maker(*each) for each in zip(table["model"], table["model_version"], strict=True)],
    )
    columns = ["model", "target_start", "target_end", "volatility", "low", "high", "har", "change"]
    return table[[*columns, "clipped", "fallback"]].reset_index()


def _maker(model: str, version: str) -> str:
    """Return who made a forecast; HAR is fitted anew each evening, so it has no version."""
    return "HAR" if model == REFERENCE else format_series(model, version)


def _past(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the one-session forecasts that went out over the last sessions, and what came."""
    shortest = rows["horizon"].min()
    issued = rows[(rows["role"] == "champion") & (rows["horizon"] == shortest)]
    har = rows[(rows["model"] == REFERENCE) & (rows["horizon"] == shortest)]
    har = har.drop_duplicates(["origin", "ticker"]).set_index(["origin", "ticker"])["volatility"]
    table = issued.set_index(["origin", "ticker"]).assign(har=har).reset_index()
    recent = table.sort_values("origin").groupby("ticker", sort=False).tail(DRAWN)
    columns = ["ticker", "target_start", "volatility", "low", "high", "came", "har"]
    return pd.DataFrame(recent[columns])


def _changes(ledger: Ledger) -> pd.DataFrame:
    """Return every change of champion and every training, the newest first."""
    decisions = ledger.table("decisions")
    told = decisions["action"].isin([REGISTERED, *CHANGES])
    carried = decisions["key"].str.match(r"(promote|demote) \d+ to")
    table = decisions[told & ~(carried & decisions["who"].isna())]
    columns = ["written_at", "action", "subject", "reason", "who", "why"]
    return pd.DataFrame(table.iloc[::-1][columns])
