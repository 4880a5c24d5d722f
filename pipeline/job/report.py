"""The daily report: its tables from the ledger, and its page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pandas as pd

from volcast.models.baselines.catalogue import REFERENCE
from volcast.pipeline.files import write_text
from volcast.pipeline.home import Home
from volcast.pipeline.job.coming_reports import describe_coming_reports
from volcast.pipeline.job.context import JobContext
from volcast.pipeline.job.preconditions import is_replay
from volcast.pipeline.job.report_files import PAGE
from volcast.pipeline.job.report_index import (
    find_previous_page,
    write_index,
    write_index_entry,
)
from volcast.pipeline.job.summary import Summary
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.ledger.queries import RowFilter
from volcast.pipeline.ledger.scoring import live_scores, read_backtests, scored_rows
from volcast.pipeline.ledger.version_names import REGISTERED, format_series
from volcast.pipeline.ledger.volatility import add_volatility, spread_intervals
from volcast.pipeline.panel.short_histories import list_histories
from volcast.pipeline.registry.promotion import CHANGES
from volcast.reports.daily.inputs import DailyInputs
from volcast.reports.daily.page import render_html
from volcast.reports.scoring.coverage_by_level import list_further_levels
from volcast.reports.short_histories import add_history_notes, has_short_history

SESSIONS_SHOWN, SESSIONS_SCORED = 120, 250  # in the figures, and in the live scores


def write_report(home: Home, context: JobContext, summary: Summary) -> None:
    """Write ``reports/DATE/report.html``, its entry for the index, and the index of all dates."""
    folder = home.reports / f"{summary.origin:%Y-%m-%d}"
    folder.mkdir(parents=True, exist_ok=True)
    ledger = context.ledger
    since = RowFilter(since=context.sessions_ago(SESSIONS_SHOWN))
    rows = ledger.table("scored", since)
    known = scored_rows(ledger, live_only=False, since=context.sessions_ago(SESSIONS_SCORED))
    issued = describe_coming_reports(_build_issued_table(rows, summary.origin), context)
    short = list(issued.loc[has_short_history(issued), "ticker"].unique())
    issued = add_history_notes(issued, list_histories(context.panels.bars, short, context.day))
    forecast_tickers = set(issued["ticker"])
    content = DailyInputs(
        day=pd.Timestamp(summary.origin),
        champion=summary.champion,
        decision=summary.decision,
        forecasts=issued,
        past=_build_past_table(rows),
        scores=live_scores(known[known["live"]], read_backtests(ledger)),
        alerts=ledger.open_alerts(),
        changes=_build_changes_table(ledger),
        missing=[ticker for ticker in context.tickers if ticker not in forecast_tickers],
        notes=summary.notes,
        late=int((~known["live"] & (known["role"] == "champion")).sum()),
        replayed=is_replay(ledger),
        before=find_previous_page(home, summary.origin),
        interval_level=context.config.report.interval,
        head=summary.head,
    )
    write_text(folder / PAGE, render_html(content))
    write_index_entry(folder, content)
    write_index(home)


def _build_issued_table(rows: pd.DataFrame, origin: dt.date) -> pd.DataFrame:
    """Return the issued forecasts and their model, with HAR's and the change since the last run."""
    cell = ["ticker", "horizon"]
    issued = rows[rows["role"] == "champion"]
    earlier = issued[issued["origin"] < pd.Timestamp(origin)]
    newest = add_volatility(earlier[earlier["origin"] == earlier["origin"].max()])
    before = newest.set_index(cell)["volatility"]
    har = rows[(rows["model"] == REFERENCE) & (rows["origin"] == pd.Timestamp(origin))]
    table = spread_intervals(issued[issued["origin"] == pd.Timestamp(origin)])
    bounds = _name_bounds(list_further_levels(table))
    table, har = (add_volatility(part).rename(columns=bounds) for part in (table, har))
    table = table.set_index(cell)
    models = zip(table["model"], table["model_version"], strict=True)
    table = table.assign(
        har=har.drop_duplicates(cell).set_index(cell)["volatility"],
        change=table["volatility"] - before.reindex(table.index),
        model=[_format_model(*each) for each in models],
    )
    columns = ["model", "target_start", "target_end", "volatility", *bounds.values()]
    columns += ["har", "change", "clipped", "fallback", "short_history"]
    return table[columns].reset_index()


def _name_bounds(levels: Sequence[float] = ()) -> dict[str, str]:
    """Return the names of an interval's bounds, and of those of further levels, in the report."""
    endings = ["", *(f"_{level:g}" for level in levels)]
    sides = {"lower": "low", "upper": "high"}
    return {
        f"volatility_{old}{ending}": f"{new}{ending}"
        for ending in endings
        for old, new in sides.items()
    }


def _format_model(model: str, version: str) -> str:
    """Return a model's name; HAR is fitted in each daily run, so it has no version."""
    return "HAR" if model == REFERENCE else format_series(model, version)


def _build_past_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the issued forecasts of the shortest horizon with HAR's and their outcomes."""
    shortest = rows["horizon"].min()
    issued = rows[(rows["role"] == "champion") & (rows["horizon"] == shortest)]
    har = rows[(rows["model"] == REFERENCE) & (rows["horizon"] == shortest)]
    names = {**_name_bounds(), "volatility_realized": "realized"}
    issued, har = (
        add_volatility(part).drop(columns="realized").rename(columns=names)
        for part in (issued, har)
    )
    har = har.drop_duplicates(["origin", "ticker"]).set_index(["origin", "ticker"])["volatility"]
    table = issued.set_index(["origin", "ticker"]).assign(har=har).reset_index()
    recent = table.sort_values("origin").groupby("ticker", sort=False).tail(SESSIONS_SHOWN)
    columns = ["ticker", "target_start", "volatility", "low", "high", "realized", "har"]
    return pd.DataFrame(recent[columns])


def _build_changes_table(ledger: Ledger) -> pd.DataFrame:
    """Return every change of champion and every training, the newest first.

    A change by the gate is two decisions, the gate's and the one that carries it out; the second is
    left out.
    """
    decisions = ledger.table("decisions")
    is_change = decisions["action"].isin([REGISTERED, *CHANGES])
    carries_out = decisions["key"].str.match(r"(promote|demote) \d+ to")
    table = decisions[is_change & ~(carries_out & decisions["who"].isna())]
    columns = ["written_at", "action", "subject", "reason", "who", "why"]
    return pd.DataFrame(table.iloc[::-1][columns])
