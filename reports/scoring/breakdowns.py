"""Scores by volatility regime, by report, year and day, and the coverage of intervals.

All functions but `recent_forecasts` and `regimes` take the table of `scored_rows`. A row
counts as in the score table: all dates alike, and all tickers of a date.
"""

import numpy as np
import pandas as pd

from volcast.reports.scoring.scored_rows import CELL, VARIANCE_FLOOR
from volcast.reports.scoring.scores import BASELINE

REGIMES = ["calm", "middle", "volatile"]
REGIME_RULE = (
    "HAR's forecast at the origin is ranked among HAR's forecasts for the same ticker up to that "
    "origin: the lowest third is calm, the highest third volatile. Nothing later than the origin "
    "is used, so the three groups need not be of equal size."
)
WITH_REPORT, WITHOUT_REPORT = "with a report", "without"
REPORT_COLUMNS = ["horizon", "reports", "model", "rows", "qlike", "ratio_to_har", "share"]
PIT_BINS = 10
LOSS_DAY_COLUMNS = [*CELL, "volatility", "volatility_realized", "qlike"]
RECENT_ORIGINS = 250  # about one year of sessions
RECENT_COLUMNS = ["target_start", "realized", "volatility"]
RECENT_COLUMNS += ["volatility_lower", "volatility_upper", "volatility_realized"]


def regimes(forecasts: pd.DataFrame) -> pd.DataFrame:
    """Return the regime of each row, known at its origin: `horizon, origin, ticker, regime`.

    The regime is the tercile of HAR's forecast among all of HAR's forecasts of the same ticker and
    horizon up to and including the origin. Splitting by the outcome instead would favour models
    that forecast high (Lerch et al. 2017, "Forecaster's dilemma"). Rows without HAR have no regime.
    """
    own = (forecasts["model"] == BASELINE) & (forecasts["variance"] > 0)
    har = forecasts.loc[own, [*CELL, "variance"]]
    har = har.sort_values(["horizon", "ticker", "origin"])
    by_series = har.groupby(["horizon", "ticker"])["variance"]
    rank = by_series.transform(lambda variance: variance.expanding().rank(pct=True))
    third = np.clip(np.ceil(rank.to_numpy(np.float64) * len(REGIMES)), 1, len(REGIMES))
    labels = np.array(REGIMES, dtype=object)[third.astype(np.int64) - 1]
    return har[CELL].assign(regime=labels).reset_index(drop=True)


def by_regime(rows: pd.DataFrame, regime: pd.DataFrame) -> pd.DataFrame:
    """Return `horizon, regime, model, rows, qlike, ratio_to_har`, tickers pooled, calm first."""
    labelled = rows[[*CELL, "model", "qlike"]].merge(regime, on=CELL, how="inner")
    ordered = pd.Categorical(labelled["regime"], categories=REGIMES, ordered=True)
    return _losses_by(labelled.assign(regime=ordered), "regime")


def by_year(rows: pd.DataFrame) -> pd.DataFrame:
    """Return `horizon, year, model, rows, qlike, ratio_to_har`, tickers pooled, by origin."""
    return _losses_by(rows.assign(year=rows["origin"].dt.year), "year")


def by_report(rows: pd.DataFrame) -> pd.DataFrame:
    """Return `horizon, reports, model, rows, qlike, ratio_to_har, share`, tickers pooled.

    `reports` says whether a session of the target traded on an earnings report, `share` how much of
    the model's loss at the horizon these rows have. Rows of tickers without known reports are left
    out; empty if none has.
    """
    known = rows[rows["reactions"].notna()] if "reactions" in rows else rows.iloc[:0]
    if known.empty:
        return pd.DataFrame(columns=REPORT_COLUMNS)
    labelled = known.assign(reports=np.where(known["reactions"] > 0, WITH_REPORT, WITHOUT_REPORT))
    table = _losses_by(labelled, "reports")
    tickers = labelled.groupby(["horizon", "model", "origin"])["qlike"].transform("size")
    loss = (labelled["qlike"] / tickers).groupby(
        [labelled["horizon"], labelled["model"], labelled["reports"]]
    )
    share = loss.sum() / loss.sum().groupby(level=["horizon", "model"]).transform("sum")
    return table.merge(
        share.rename("share").reset_index(), on=["horizon", "model", "reports"], how="left"
    )


def coverage(rows: pd.DataFrame) -> pd.DataFrame:
    """Return `horizon, ticker, model, rows, below, inside, above`: shares of the outcomes.

    Only rows that have an interval count; its bounds belong to it. Models without one are left out.
    """
    rows = rows[rows["lower"].notna() & rows["upper"].notna()]
    below, above = rows["realized"] < rows["lower"], rows["realized"] > rows["upper"]
    placed = rows.assign(below=below, inside=~(below | above), above=above)
    keys = ["horizon", "ticker", "model"]
    return placed.groupby(keys, as_index=False, sort=False).agg(
        rows=("realized", "size"),
        below=("below", "mean"),
        inside=("inside", "mean"),
        above=("above", "mean"),
    )


def pit_histogram(rows: pd.DataFrame, model: str) -> pd.DataFrame:
    """Return `horizon, bin, rows, share` of the model's probability integrals in ten equal bins.

    All ten shares are a tenth if the density forecast is correct; high outer ones mean that it is
    too narrow, a slope that it is too low or too high.
    """
    own = rows[(rows["model"] == model) & rows["pit"].notna()] if "pit" in rows else rows.iloc[:0]
    tables = []
    for horizon, part in own.groupby("horizon"):
        counts, _ = np.histogram(part["pit"], bins=PIT_BINS, range=(0.0, 1.0))
        place = {"horizon": horizon, "bin": range(PIT_BINS), "rows": counts}
        tables.append(pd.DataFrame({**place, "share": counts / len(part)}))
    columns = ["horizon", "bin", "rows", "share"]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=columns)


def against_baseline(rows: pd.DataFrame, model: str) -> pd.DataFrame:
    """Return the model's losses and HAR's by day, tickers averaged, origins ascending.

    Columns: `horizon, origin, target_start, target_end, qlike, qlike_har, difference, cumulative`;
    difference is QLIKE minus HAR's (negative: the model was better) and cumulative its running sum
    within the horizon. Empty without HAR.
    """
    keys = ["horizon", "origin"]
    own = rows[rows["model"] == model].groupby(keys, as_index=False)
    table = own.agg(
        target_start=("target_start", "max"),
        target_end=("target_end", "max"),
        qlike=("qlike", "mean"),
    )
    har = rows[rows["model"] == BASELINE].groupby(keys, as_index=False)["qlike"].mean()
    table = table.merge(har, on=keys, suffixes=("", "_har"))
    table = table.assign(difference=table["qlike"] - table["qlike_har"])
    return table.assign(cumulative=table.groupby("horizon")["difference"].cumsum())


def loss_days(rows: pd.DataFrame, model: str, *, days: int = 10) -> pd.DataFrame:
    """Return the origins with the largest losses of `model`, per horizon, largest first.

    Adds to `against_baseline` the share of the model's total loss (`share`) and, of that day's
    worst ticker, `ticker, volatility, volatility_realized` (annualised percent).
    """
    own = rows.loc[rows["model"] == model, LOSS_DAY_COLUMNS]
    own = own.sort_values("qlike", ascending=False, kind="stable")
    by_day = own.groupby(["horizon", "origin"], as_index=False)["qlike"].mean()
    total = by_day.groupby("horizon")["qlike"].sum()
    by_day["share"] = by_day["qlike"] / by_day["horizon"].map(total)
    worst = own.drop_duplicates(["horizon", "origin"])
    worst = worst.drop(columns="qlike")
    table = against_baseline(rows, model).merge(
        by_day[["horizon", "origin", "share"]], on=["horizon", "origin"]
    )
    table = table.merge(worst, on=["horizon", "origin"])
    table = table.sort_values(["horizon", "share"], ascending=[True, False], kind="stable")
    return table.groupby("horizon").head(days).reset_index(drop=True)


def recent_forecasts(
    forecasts: pd.DataFrame, *, horizon: int, model: str, origins: int = RECENT_ORIGINS
) -> pd.DataFrame:
    """Return the last `origins` forecasts of each ticker with HAR's and the realised volatility.

    Columns: `ticker`, `date` (the first session forecast), `volatility, lower, upper, har,
    realized`, all in annualised percent; `realized` is NaN where it is not known yet or is no
    target. Sorted by ticker, then date.
    """
    keys, at_horizon = ["ticker", "origin"], forecasts["horizon"] == horizon
    own = forecasts.loc[at_horizon & (forecasts["model"] == model), [*keys, *RECENT_COLUMNS]]
    own = own.sort_values("origin", kind="stable")
    own = own.groupby("ticker", sort=False, observed=True).tail(origins)
    of_har = at_horizon & (forecasts["model"] == BASELINE)
    har = forecasts.loc[
        of_har & (forecasts["origin"] >= own["origin"].min()), [*keys, "volatility"]
    ]
    own = own.merge(har, how="left", on=keys, suffixes=("", "_har"))
    known = own["volatility_realized"].where(own["realized"] > VARIANCE_FLOOR)
    table = {
        "ticker": own["ticker"],
        "date": own["target_start"],
        "volatility": own["volatility"],
        "lower": own["volatility_lower"],
        "upper": own["volatility_upper"],
        "har": own["volatility_har"],
        "realized": known,
    }
    return pd.DataFrame(table).sort_values(["ticker", "date"], kind="stable", ignore_index=True)


def _losses_by(rows: pd.DataFrame, group: str) -> pd.DataFrame:
    keys = ["horizon", group, "model"]
    tickers = rows.groupby(["horizon", "model", "origin"])["qlike"].transform("size")
    weighted = rows.assign(weight=1.0 / tickers, loss=rows["qlike"] / tickers)
    by_model = weighted.groupby(keys, as_index=False, sort=False, observed=True)
    table = by_model.agg(rows=("qlike", "size"), weight=("weight", "sum"), loss=("loss", "sum"))
    table = table.assign(qlike=table["loss"] / table["weight"]).drop(columns=["weight", "loss"])
    har = table[table["model"] == BASELINE][["horizon", group, "qlike"]]
    table = table.merge(har, on=["horizon", group], how="left", suffixes=("", "_har"))
    table = table.assign(ratio_to_har=table["qlike"] / table["qlike_har"])
    table = table.sort_values(["horizon", group], kind="stable").drop(columns="qlike_har")
    return table.reset_index(drop=True)
