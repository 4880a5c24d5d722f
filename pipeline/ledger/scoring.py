"""Scores of the live forecasts, compared with those of the backtest."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import pandas as pd

from volcast.features.units import volatility_annual_pct
from volcast.pipeline.data.calendars.sessions import periods_per_year
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.ledger.queries import RowFilter
from volcast.pipeline.ledger.version_names import REGISTERED, format_series
from volcast.reports.scoring.level import ALL_YEARS, level_table
from volcast.reports.scoring.risk import RISK_COLUMNS, risk_table
from volcast.reports.scoring.scored_rows import VARIANCE_FLOOR
from volcast.reports.scoring.scores import BASELINE, POOLED, score_table
from volcast.reports.scoring.value_at_risk import tail_forecasts

ISSUED = "issued"  # the series of issued forecasts, whichever model made them
SCORE_COLUMNS = ["rows", "qlike", "ratio_to_har", "dm_p_value", "coverage", "clipped_share"]
SCORED = [
    *("seq", "origin", "target_end", "ticker", "horizon", "model", "model_version", "role"),
    *("calendar", "variance", "lower", "upper", "clipped", "fallback", "level_factor", "live"),
    *("realized", "log_return", "interval_level"),
]
LIVE_COLUMNS = [
    *("horizon", "series", "first", "last", *SCORE_COLUMNS),
    *("level_ratio", "beyond", "backtest_qlike", "backtest_ratio"),
]


def scored_rows(
    ledger: Ledger, *, live_only: bool = True, since: dt.date | None = None
) -> pd.DataFrame:
    """Return the forecasts whose outcome is known, with volatilities in annualised percent.

    Parameters
    ----------
    ledger
        Open, to be read or to be written.
    live_only
        Leave out forecasts that were written too late to be live.
    since
        Only this origin and later ones; None is all.

    Returns
    -------
    DataFrame
        `SCORED` and volatilities: the forecast table of docs/tables.md with the ledger's columns.
        Only intervals of the newest level are there (`keep_newest_level`).
    """
    # The newest level is that of the newest forecast, with or without an outcome.
    rows = keep_newest_level(ledger.table("scored", RowFilter(since=since), columns=SCORED))
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


def keep_newest_level(rows: pd.DataFrame) -> pd.DataFrame:
    """Return forecasts without the intervals of other levels than that of the newest row.

    After a change of `report.interval` their coverage would be a mixture of both. Rows of the
    formats before 5, which did not keep the level, count as the newest.

    Examples
    --------
    >>> rows = pd.DataFrame({"seq": [1, 2, 3], "interval_level": [None, 0.8, 0.9]})
    >>> keep_newest_level(rows.assign(lower=1.0, upper=2.0))["lower"].tolist()
    [1.0, nan, 1.0]
    """
    newest = find_newest_level(rows)
    if newest is None:
        return rows
    kept = rows["interval_level"].isna() | (rows["interval_level"] == newest)
    return rows.assign(**{name: rows[name].where(kept) for name in ("lower", "upper")})


def find_newest_level(rows: pd.DataFrame) -> float | None:
    """Return the level of the interval of the newest row that has one; None if none has.

    Examples
    --------
    >>> find_newest_level(pd.DataFrame({"seq": [1, 2, 3], "interval_level": [0.8, 0.9, None]}))
    0.9
    """
    known = rows[rows["interval_level"].notna()].sort_values("seq")["interval_level"]
    return float(known.iloc[-1]) if len(known) else None


def live_scores(rows: pd.DataFrame, backtests: Mapping[str, Mapping[str, float]]) -> pd.DataFrame:
    """Return the scores of each horizon and series: issued forecasts, and each model version.

    Parameters
    ----------
    rows
        From `scored_rows`.
    backtests
        From `read_backtests`.

    Returns
    -------
    DataFrame
        `LIVE_COLUMNS`. Each series is compared with HAR on the sessions and tickers that both
        forecast. `level_ratio` and `beyond` are those of
        `volcast.reports.scoring.level.level_table`, known for one session ahead only.
    """
    reference = rows[rows["model"] == BASELINE].sort_values("seq")
    reference = reference.drop_duplicates(["origin", "ticker", "horizon"], keep="last")
    tables = [_series_scores(name, part, reference) for name, part in _split_series(rows).items()]
    if not tables:
        return pd.DataFrame(columns=LIVE_COLUMNS)
    scores = pd.concat(tables).sort_values("horizon", kind="stable", ignore_index=True)
    registered = [backtests.get(key, {}) for key in scores["key"]]
    for column, name in (("backtest_qlike", "qlike"), ("backtest_ratio", "ratio_to_har")):
        scores[column] = pd.Series([each.get(name) for each in registered], dtype="float64")
    return scores[LIVE_COLUMNS]


def live_risk(ledger: Ledger) -> pd.DataFrame:
    """Return the tests of value at risk of the issued forecasts, as `risk.risk_table` does.

    Live forecasts are tested; forecasts that were written too late serve as history. Empty until
    250 one-session outcomes are known.
    """
    rows = scored_rows(ledger, live_only=False)
    issued = rows[(rows["role"] == "champion") & (rows["horizon"] == 1)]
    tails = tail_forecasts(issued.assign(model=ISSUED, tested=issued["live"]))
    return risk_table(tails) if len(tails) else pd.DataFrame(columns=RISK_COLUMNS)


def read_backtests(ledger: Ledger) -> dict[str, dict[str, float]]:
    """Return the pooled backtest scores registered with each version, by series and horizon."""
    return {
        _format_key(decision.subject, int(horizon)): scores
        for decision in ledger.decisions(REGISTERED)
        for horizon, scores in decision.numbers.get("backtest", {}).items()
    }


def _split_series(rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the forecasts of each series, the issued ones first."""
    issued = rows[rows["role"] == "champion"]
    found = {ISSUED: issued} if len(issued) else {}
    for (model, version), series in rows.groupby(["model", "model_version"], sort=False):
        found[format_series(str(model), str(version))] = series
    return found


def _series_scores(name: str, series: pd.DataFrame, reference: pd.DataFrame) -> pd.DataFrame:
    """Return the pooled scores of one series by horizon, and those of HAR on the same rows."""
    cells = ["origin", "ticker", "horizon"]
    common = reference.merge(series[cells], on=cells) if len(reference) else reference
    pair = pd.concat([series.assign(model=name), common])
    if len(common):  # rows that HAR did not forecast cannot be compared
        pair = pair.merge(common[cells], on=cells)
    scores = score_table(pair, confidence_set=False)
    own = scores[(scores["ticker"] == POOLED) & (scores["model"] == name)]
    span = pair.groupby("horizon")["origin"].agg(["min", "max"])
    return own.assign(
        series=name,
        **_level_columns(pair, name, own["horizon"]),
        key=[_format_key(name, int(horizon)) for horizon in own["horizon"]],
        first=own["horizon"].map(span["min"]),
        last=own["horizon"].map(span["max"]),
    )


def _level_columns(pair: pd.DataFrame, name: str, horizons: pd.Series) -> dict[str, pd.Series]:
    """Return `level_ratio` and `beyond` of a series by horizon; NaN where returns are unknown."""
    levels = level_table(pair.assign(squared_return=pair["log_return"] ** 2), name)
    pooled = levels[(levels["ticker"] == POOLED) & (levels["year"] == ALL_YEARS)]
    by_horizon = pooled.set_index("horizon")
    return {
        column: horizons.map(by_horizon[source]).astype("float64")
        for column, source in (("level_ratio", "ratio"), ("beyond", "beyond"))
    }


def _format_key(series: str, horizon: int) -> str:
    return f"{series}, horizon {horizon}"
