"""The evening's report: its tables from the ledger, its page, and the index of all pages."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pandas as pd

from features.units import volatility_annual_pct
from models.catalogue import REFERENCE
from pipeline import artifacts
from pipeline.data.calendars import periods_per_year
from pipeline.home import Home
from pipeline.ledger.ledger import Ledger
from pipeline.ledger.reading import Only
from pipeline.ledger.scoring import backtests_of, live_scores, scored_rows
from pipeline.panels import calendars_of
from reports.evening import EveningContent, render_evening, render_index

if TYPE_CHECKING:
    from pipeline.daily.evening import Evening
    from pipeline.daily.summary import Summary

PAGE, INDEX = "report.html", "index.html"
DRAWN, SCORED = 120, 250  # sessions of the past in the figures, and in the live scores


def write_report(home: Home, evening: Evening, summary: Summary) -> None:
    """Write ``reports/DATE/report.html`` and the index of all dates."""
    folder = home.reports / f"{summary.origin:%Y-%m-%d}"
    folder.mkdir(parents=True, exist_ok=True)
    ledger = evening.ledger
    rows = _readable(ledger.table("scored", Only(since=evening.sessions_ago(DRAWN))), evening)
    scored = scored_rows(ledger, since=evening.sessions_ago(SCORED))
    content = EveningContent(
        day=pd.Timestamp(summary.origin),
        champion=summary.champion,
        decision=summary.decision,
        forecasts=_newest(rows, summary.origin),
        past=_past(rows),
        scores=live_scores(scored, backtests_of(ledger)),
        alerts=ledger.open_alerts(),
        changes=_changes(ledger),
        notes=summary.notes,
        interval_level=evening.config.report.interval,
        head=summary.head,
    )
    artifacts.write_text(folder / PAGE, render_evening(content))
    days = sorted((path.parent.name for path in home.reports.glob(f"*/{PAGE}")), reverse=True)
    artifacts.write_text(
        home.reports / INDEX, render_index([(day, f"{day}/{PAGE}") for day in days])
    )


def _readable(scored: pd.DataFrame, evening: Evening) -> pd.DataFrame:
    """Return the forecasts with volatilities in annualised percent."""
    names = calendars_of(list(scored["ticker"].unique()), evening.config)
    periods = scored["ticker"].map({t: periods_per_year(n) for t, n in names.items()}).to_numpy()
    columns = {"variance": "volatility", "realized": "came", "lower": "low", "upper": "high"}
    return scored.assign(
        **{
            new: volatility_annual_pct(scored[old].to_numpy(float), periods)
            for old, new in columns.items()
        }
    )


def _newest(rows: pd.DataFrame, origin: dt.date) -> pd.DataFrame:
    """Return what went out tonight, beside HAR's and what went out the evening before."""
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
    )
    columns = ["target_start", "target_end", "volatility", "low", "high", "har", "change"]
    return table[[*columns, "clipped", "fallback"]].reset_index()


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
    told = decisions["action"].isin(["registered", "promote", "demote", "rollback"])
    carried = decisions["key"].str.match(r"(promote|demote) \d+ to")
    table = decisions[told & ~(carried & decisions["who"].isna())]
    return pd.DataFrame(table.iloc[::-1][["written_at", "action", "subject", "reason", "who"]])
