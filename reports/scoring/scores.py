"""From the forecast table to the score table: every model of a horizon on the same rows."""

from collections.abc import Iterator, Mapping
from itertools import chain, pairwise
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from volcast.reports.scoring.confidence_set import model_confidence_set
from volcast.reports.scoring.inference import (
    Floats,
    average_by_date,
    diebold_mariano,
    fit_forecast_line,
    utility,
)
from volcast.reports.scoring.scored_rows import scored_rows

BASELINE = "har"
LINEAR = "harx"  # the linear model on the network's inputs
NETWORK = "network"
POOLED = "all"  # the ticker name under which the score table pools all tickers

Part: TypeAlias = Mapping[str, NDArray[Any]]  # the rows of one model, column by column

SCORE_COLUMNS = [
    *("horizon", "ticker", "model", "rows", "qlike", "mse", "mae", "rmse_volatility", "r2_log"),
    *("ratio_to_har", "mz_intercept", "mz_slope", "mz_r2", "dm_statistic", "dm_p_value"),
    *("clipped_share", "fallback_share", "coverage", "qlike_median", "tickers_won", "mcs_p"),
    *("utility_bp", "pinball", "ratio_to_harx", "dm_harx_statistic", "dm_harx_p_value"),
]

USED_COLUMNS = [
    *("origin", "variance", "realized", "qlike", "lower", "upper"),
    *("volatility", "volatility_lower", "volatility_upper", "volatility_realized"),
    *("clipped", "fallback"),
]

BASIS_POINTS = 1e4


def score_table(
    forecasts: pd.DataFrame, *, interval_level: float = 0.9, confidence_set: bool = True
) -> pd.DataFrame:
    """Return the score table of docs/tables.md, all models of a horizon on the same rows.

    Parameters
    ----------
    forecasts
        The forecast table, with the volatility columns (annualised percent).
    interval_level
        Nominal coverage of the intervals, for `pinball`.
    confidence_set
        Whether to compute `mcs_p`, a bootstrap by the arch package; else it is NaN.

    Returns
    -------
    DataFrame
        One row a horizon, ticker and model, with the columns `SCORE_COLUMNS`.

    Notes
    -----
    Pooled scores (ticker `all`) come first. Their losses, ratio and utility are means over the
    tickers of a date, then over dates, which is what the Diebold-Mariano test compares: a date
    counts once, however many tickers it has, and ratio and statistic favour the same model. Shares,
    median, `r2_log` and the Mincer-Zarnowitz line count all rows alike.

    MSE, MAE and the Mincer-Zarnowitz intercept are on daily variance, `rmse_volatility` is in
    annualised percent and shown only: it is not robust to a noisy proxy (Patton 2011). `r2_log` is
    out of sample, so it can be negative. Diebold-Mariano is on QLIKE against HAR (negative is
    better than HAR) and NaN for HAR itself, or without HAR; `ratio_to_harx`, `dm_harx_statistic`
    and `dm_harx_p_value` are the same against HAR-X. `utility_bp` is the yearly utility of
    targeting a volatility with the forecast (`inference.utility`), `pinball` the mean quantile loss
    of the interval's bounds in annualised percent. In pooled rows only: `tickers_won`, the share of
    tickers with a smaller QLIKE than HAR's, and `mcs_p`, the Model Confidence Set's p-value: below
    0.1 the model is not among the best.
    """
    rows = scored_rows(forecasts)
    parts = [
        score_models(
            {str(model): part for model, part in of_horizon.groupby("model", sort=False)},
            int(str(horizon)),
            interval_level=interval_level,
            confidence_set=confidence_set,
        )
        for horizon, of_horizon in rows.groupby("horizon")
    ]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=SCORE_COLUMNS)


def score_models(
    models: Mapping[str, pd.DataFrame],
    horizon: int,
    *,
    interval_level: float = 0.9,
    confidence_set: bool = True,
) -> pd.DataFrame:
    """Return the score table of one horizon; see `score_table`.

    Parameters
    ----------
    models
        The rows of each model that `scored_rows` keeps, the same ones of every model, sorted by
        ticker and origin. One model is held at a time.
    horizon
        Of all of them.
    interval_level, confidence_set
        See `score_table`.
    """
    references = {
        name: models[name]["qlike"].to_numpy(np.float64)
        for name in (BASELINE, LINEAR)
        if name in models
    }
    records: list[list[dict[str, Any]]] = []
    daily: list[Floats] = []
    for model in models:
        rows = models[model]
        columns = {name: rows[name].to_numpy() for name in USED_COLUMNS}
        own = []
        for ticker, place in _iterate_tickers(rows["ticker"].to_numpy(str)):
            part = {name: column[place] for name, column in columns.items()}
            part["weight"] = _date_weights(part["origin"])
            losses = {name: loss[place] for name, loss in references.items()}
            key = {"horizon": horizon, "ticker": ticker, "model": model}
            own.append({**key, **_score(part, losses, horizon, interval_level)})
        records.append(own)
        daily.append(average_by_date(columns["qlike"], columns["origin"]))
    found = chain.from_iterable(zip(*records, strict=True))
    table = pd.DataFrame(found, columns=SCORE_COLUMNS).assign(mcs_p=np.nan)
    if confidence_set and len(table):
        sets = model_confidence_set(np.stack(daily, axis=1), horizon)
        table.loc[table["ticker"] == POOLED, "mcs_p"] = sets
    return _with_tickers_won(table)


def _with_tickers_won(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the scores with the share of tickers won in the pooled rows."""
    single = scores[(scores["ticker"] != POOLED) & scores["ratio_to_har"].notna()]
    won = (single["ratio_to_har"] < 1).groupby([single["horizon"], single["model"]]).mean()
    keys = pd.MultiIndex.from_frame(scores[["horizon", "model"]])
    shares = pd.Series(won.reindex(keys).to_numpy(np.float64), index=scores.index)
    return scores.assign(tickers_won=shares.where(scores["ticker"] == POOLED))


def _iterate_tickers(names: NDArray[Any]) -> Iterator[tuple[str, slice]]:
    """Yield each ticker and the places of its rows, which follow each other; all rows first."""
    if not len(names):
        return
    starts = [0, *(np.flatnonzero(names[1:] != names[:-1]) + 1).tolist(), len(names)]
    yield POOLED, slice(0, len(names))
    for start, stop in pairwise(starts):
        yield str(names[start]), slice(start, stop)


def _date_weights(origin: NDArray[Any]) -> Floats:
    """Return weights, sum one, by which all dates count alike, and all tickers of a date."""
    _, date, tickers = np.unique(origin, return_inverse=True, return_counts=True)
    return np.asarray(1.0 / (tickers[date] * len(tickers)), dtype=np.float64)


def _score(
    part: Part, references: Mapping[str, Floats], horizon: int, interval_level: float
) -> dict[str, Any]:
    realized, forecast, weight = part["realized"], part["variance"], part["weight"]
    line = fit_forecast_line(realized, forecast)
    gap = part["volatility"] - part["volatility_realized"]
    return {
        "rows": len(realized),
        "qlike": weight @ part["qlike"],
        "mse": weight @ (realized - forecast) ** 2,
        "mae": weight @ np.abs(realized - forecast),
        "rmse_volatility": np.sqrt(weight @ gap**2),
        "r2_log": _r2(np.log(realized), np.log(forecast)),
        "mz_intercept": line.intercept if line else np.nan,
        "mz_slope": line.slope if line else np.nan,
        "mz_r2": line.r2 if line else np.nan,
        **_against(part, references.get(BASELINE), horizon),
        **_against_linear(part, references.get(LINEAR), horizon),
        "clipped_share": part["clipped"].mean(),
        "fallback_share": part["fallback"].mean(),
        "coverage": _coverage(part),
        "qlike_median": np.median(part["qlike"]),
        "utility_bp": weight @ utility(realized, forecast) * BASIS_POINTS,
        "pinball": _pinball(part, interval_level),
    }


def _against(part: Part, baseline: Floats | None, horizon: int) -> dict[str, float]:
    """Return the comparison with the losses of a baseline on the same rows."""
    if baseline is None:
        return {"ratio_to_har": np.nan, "dm_statistic": np.nan, "dm_p_value": np.nan}
    loss, weight = part["qlike"], part["weight"]
    test = diebold_mariano(loss - baseline, part["origin"], horizon)
    level = float(weight @ baseline)
    return {
        "ratio_to_har": float(weight @ loss) / level if level > 0 else np.nan,
        "dm_statistic": test.statistic,
        "dm_p_value": test.p_value,
    }


def _against_linear(part: Part, linear: Floats | None, horizon: int) -> dict[str, float]:
    """Return the columns of the comparison with HAR-X, made as the one with HAR."""
    found = _against(part, linear, horizon)
    return {
        "ratio_to_harx": found["ratio_to_har"],
        "dm_harx_statistic": found["dm_statistic"],
        "dm_harx_p_value": found["dm_p_value"],
    }


def _coverage(part: Part) -> float:
    """Return the share of outcomes inside their interval, over rows that have one; else NaN."""
    lower, upper = part["lower"], part["upper"]
    has_interval = np.isfinite(lower) & np.isfinite(upper)
    inside = (lower <= part["realized"]) & (part["realized"] <= upper)
    return float(inside[has_interval].mean()) if has_interval.any() else float("nan")


def _pinball(part: Part, interval_level: float) -> float:
    """Return the mean quantile loss of the two bounds, over rows that have them; else NaN."""
    tail, losses = (1.0 - interval_level) / 2.0, []
    for share, bound in ((tail, "volatility_lower"), (1.0 - tail, "volatility_upper")):
        gap = part["volatility_realized"] - part[bound]
        losses.append(np.maximum(share * gap, (share - 1.0) * gap))
    known = np.isfinite(losses).all(axis=0)
    if not known.any():
        return float("nan")
    return float(np.average(np.mean(losses, axis=0)[known], weights=part["weight"][known]))


def _r2(outcome: Floats, forecast: Floats) -> float:
    spread = np.sum((outcome - outcome.mean()) ** 2)
    return 1.0 - float(np.sum((outcome - forecast) ** 2) / spread) if spread > 0 else float("nan")
