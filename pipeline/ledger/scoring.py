"""How good the forecasts have been since they were written, beside what the backtest promised."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import pandas as pd

from volcast.features.units import volatility_annual_pct
from volcast.pipeline.data.calendars.sessions import periods_per_year
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.ledger.queries import RowFilter
from volcast.pipeline.ledger.records import Decision
from volcast.reports.risk import RISK_COLUMNS, risk_table
from volcast.reports.scores import BASELINE, POOLED, VARIANCE_FLOOR, score_table
from volcast.reports.value_at_risk import tail_forecasts

ISSUED = "issued"  # what went out, whichever model made it
REGISTERED = "registered"  # the action of the decision that brings a backtest
OF_THE_SCORES = ["rows", "qlike", "ratio_to_har", "dm_p_value", "coverage", "clipped_share"]
SCORED = [
    *("seq", "origin", "target_end", "ticker", "horizon", "model", "model_version", "role"),
    *("calendar", "variance", "lower", "upper", "clipped", "fallback", "live"),
    *("realized", "log_return"),
]
LIVE_COLUMNS = [
    *("horizon", "series", "first", "last", *OF_THE_SCORES),
    *("backtest_qlike", "backtest_ratio"),
]


def format_series(model: str, version: str) -> str:
    """Return how the scores name a version of a model."""
    return f"{model} {version}"


def registration(model: str, version: str, scores: pd.DataFrame, reason: str) -> Decision:
    """Return the decision that tells the ledger of a new version and of its backtest.

    `scores` is a score table (docs/tables.md) with pooled rows of `model`, on data that the
    version was not fitted to.
    """
    pooled = scores[(scores["ticker"] == POOLED) & (scores["model"] == model)]
    columns = ["qlike", "ratio_to_har"]
    backtest = {
        str(horizon): scores
        for horizon, scores in pooled.set_index("horizon")[columns].to_dict("index").items()
    }
    name = format_series(model, version)
    return Decision(f"{REGISTERED} {name}", REGISTERED, name, reason, {"backtest": backtest})


def scored_rows(
    ledger: Ledger, *, live_only: bool = True, since: dt.date | None = None
) -> pd.DataFrame:
    """Return the forecasts whose outcome is known, with volatilities in annualised percent.

    `SCORED` and volatilities: the forecast table of docs/tables.md with the ledger's own columns.
    Only live ones, unless `live_only` is False; only origins `since` a day, if one is named.
    """
    rows = ledger.table("scored", RowFilter(since=since), columns=SCORED)
    rows = rows[rows["realized"] > VARIANCE_FLOOR]
    rows = rows[rows["live"]] if live_only else rows
    periods = rows["calendar"].map({n: periods_per_year(n) for n in rows["calendar"].unique()})
    names = {"variance": "volatility", "realized": "volatility_realized"}
    names |= {bound: f"volatility_{bound}" for bound in ("lower", "upper")}
    readable = {
        new: volatility_annual_pct(rows[old].to_numpy(), periods.to_numpy("float64"))
        for old, new in names.items()
    }
    return rows.assign(**readable)


def live_scores(rows: pd.DataFrame, backtests: Mapping[str, Mapping[str, float]]) -> pd.DataFrame:
    """Return `LIVE_COLUMNS`, a row a horizon and series: what went out, and each model version.

    Parameters
    ----------
    rows
        `scored_rows`.
    backtests
        `read_backtests`.

    Each series is compared with HAR on the sessions and tickers that both forecast.
    """
    reference = rows[rows["model"] == BASELINE].sort_values("seq")
    reference = reference.drop_duplicates(["origin", "ticker", "horizon"], keep="last")
    tables = [_series_scores(name, part, reference) for name, part in _split_series(rows).items()]
    if not tables:
        return pd.DataFrame(columns=LIVE_COLUMNS)
    scores = pd.concat(tables).sort_values("horizon", kind="stable", ignore_index=True)
    promised = [backtests.get(key, {}) for key in scores["key"]]
    for column, name in (("backtest_qlike", "qlike"), ("backtest_ratio", "ratio_to_har")):
        scores[column] = pd.Series([each.get(name) for each in promised], dtype="float64")
    return scores[LIVE_COLUMNS]


def live_risk(ledger: Ledger) -> pd.DataFrame:
    """Return the backtests of value at risk of what went out, as `risk.risk_table` does.

    Judged on live forecasts; older ones that the ledger was filled with serve as history. Empty
    until 250 one-session outcomes are known.
    """
    rows = scored_rows(ledger, live_only=False)
    issued = rows[(rows["role"] == "champion") & (rows["horizon"] == 1)]
    tails = tail_forecasts(issued.assign(model=ISSUED, tested=issued["live"]))
    return risk_table(tails) if len(tails) else pd.DataFrame(columns=RISK_COLUMNS)


def read_backtests(ledger: Ledger) -> dict[str, dict[str, float]]:
    """Return what was registered with each version: by series and horizon, its pooled scores."""
    return {
        _key(decision.subject, int(horizon)): scores
        for decision in ledger.decisions(REGISTERED)
        for horizon, scores in decision.numbers.get("backtest", {}).items()
    }


def _split_series(rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the forecasts of each series, what went out first."""
    issued = rows[rows["role"] == "champion"]
    found = {ISSUED: issued} if len(issued) else {}
    for (model, version), series in rows.groupby(["model", "model_version"], sort=False):
        found[format_series(str(model), str(version))] = series
    return found


def _series_scores(name: str, series: pd.DataFrame, reference: pd.DataFrame) -> pd.DataFrame:
    """Return the pooled scores of one series by horizon, beside HAR on the same rows."""
    cells = ["origin", "ticker", "horizon"]
    common = reference.merge(series[cells], on=cells) if len(reference) else reference
    pair = pd.concat([series.assign(model=name), common])
    if len(common):  # where HAR is silent the two cannot be compared
        pair = pair.merge(common[cells], on=cells)
    scores = score_table(pair)
    mine = scores[(scores["ticker"] == POOLED) & (scores["model"] == name)]
    span = pair.groupby("horizon")["origin"].agg(["min", "max"])
    return mine.assign(
        series=name,
        key=[_key(name, int(horizon)) for horizon in mine["horizon"]],
        first=mine["horizon"].map(span["min"]),
        last=mine["horizon"].map(span["max"]),
    )


def _key(series: str, horizon: int) -> str:
    return f"{series}, horizon {horizon}"
