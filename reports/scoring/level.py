"""Whether forecasts have the level of close-to-close returns, by ticker and year.

A variance forecast has the right level if the mean squared return equals the mean forecast. That
holds for any distribution of the returns. The share of returns beyond 1.96 forecast standard
deviations is 5 % only if standardised returns are normal; fat tails move it by a percent or two.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from volcast.reports.scoring.groups import split_places
from volcast.reports.scoring.inference import (
    Floats,
    collapse_by_date,
    compute_standard_error,
    diebold_mariano,
)
from volcast.reports.scoring.scores import BASELINE, POOLED

BEYOND = 1.96  # standard deviations: 5 % of a normal distribution
ALL_YEARS = "all"
TOLERANCE = 0.1  # a ratio within 10 % of 1 is a volatility within 5 %: no warning
WARN_AT = 2.5  # standard errors of one ticker, which are uncertain themselves
BIN_WIDTH, LARGEST_SHOWN = 0.5, 5.0  # of the histogram, in standard deviations

LEVEL_INPUTS = ["horizon", "ticker", "origin", "variance", "squared_return", "log_return"]
LEVEL_COLUMNS = ["horizon", "ticker", "year", "rows", "ratio", "standard_error", "beyond"]
LOSS_COLUMNS = ["horizon", "model", "rows", "difference", "dm_statistic", "dm_p_value"]


def level_table(scored: pd.DataFrame, model: str) -> pd.DataFrame:
    """Compare squared returns with the variances that a model forecast.

    Parameters
    ----------
    scored
        Rows of the forecast table with `squared_return` and `log_return`; rows without a known
        return or forecast are left out.
    model
        The model.

    Returns
    -------
    DataFrame
        `LEVEL_COLUMNS`, sorted by horizon, ticker and year; ticker and year `all` come first.
        `ratio` is mean squared return over mean forecast variance: above 1, the forecasts were too
        low. `standard_error` is its standard error over dates, which allows for autocorrelation;
        NaN with too few dates.
        `beyond` is the share of returns over the horizon beyond 1.96 forecast standard deviations.
        `year` is that of the origin.
    """
    known = scored["squared_return"].notna() & (scored["variance"] > 0)
    rows = scored.loc[(scored["model"] == model) & known, LEVEL_INPUTS]
    rows = rows.sort_values(["ticker", "origin"], kind="stable")
    parts: list[dict[str, Any]] = []
    for horizon, part in rows.groupby("horizon"):
        compare = _Comparison(part, int(str(horizon)))
        tickers, years = part["ticker"].to_numpy(str), part["origin"].dt.year.to_numpy()
        parts += [
            {"horizon": horizon, "ticker": ticker, "year": year, **compare.measure(own[places])}
            for ticker, own in _with_all(tickers, POOLED)
            for year, places in _with_all(years[own], ALL_YEARS)
        ]
    return pd.DataFrame(parts, columns=LEVEL_COLUMNS)


def squared_return_losses(scored: pd.DataFrame) -> pd.DataFrame:
    """Rank the models by their loss on squared returns instead of the variance measure.

    The loss of a forecast v is log v + r^2 / v. Up to a term without v it is QLIKE, and its mean
    ranks forecasts as QLIKE of the true variance does (Patton 2011), though with more noise: it
    does not depend on any measure from the range.

    Parameters
    ----------
    scored
        Result of `scored_rows`: every model has the same rows, in the same order.

    Returns
    -------
    DataFrame
        `LOSS_COLUMNS`, a row for each horizon and model. `difference` is the mean loss less that of
        HAR; negative is better. Empty without HAR.
    """
    records = []
    for horizon, part in scored.groupby("horizon"):
        losses = {str(model): _squared_return_loss(own) for model, own in part.groupby("model")}
        if BASELINE not in losses:
            continue
        known = np.isfinite(np.stack(list(losses.values()))).all(axis=0)
        dates = part.loc[part["model"] == BASELINE, "origin"].to_numpy()[known]
        for model in part["model"].unique():
            difference = (losses[model] - losses[BASELINE])[known]
            test = diebold_mariano(difference, dates, int(str(horizon)))
            figures = (test.mean_difference, test.statistic, test.p_value)
            records.append((horizon, model, len(dates), *figures))
    return pd.DataFrame(records, columns=LOSS_COLUMNS)


def _squared_return_loss(rows: pd.DataFrame) -> Floats:
    """Return the loss of each row, NaN without a return."""
    variance, squared = (rows[name].to_numpy(np.float64) for name in ("variance", "squared_return"))
    return np.asarray(np.log(variance) + squared / variance)


def standardised_histogram(scored: pd.DataFrame, model: str) -> pd.DataFrame:
    """Count the returns of the shortest horizon in units of their forecast standard deviation.

    Returns
    -------
    DataFrame
        `left, right, share`: bins of 0.5 from -5 to 5, the outer ones open; shares add up to 1.
        Empty without a known return.
    """
    rows = scored[(scored["model"] == model) & scored["log_return"].notna()]
    rows = rows[(rows["horizon"] == rows["horizon"].min()) & (rows["variance"] > 0)]
    if rows.empty:
        return pd.DataFrame(columns=["left", "right", "share"])
    edges = np.arange(-LARGEST_SHOWN, LARGEST_SHOWN + BIN_WIDTH, BIN_WIDTH)
    inside = np.clip(standardise(rows), edges[0], np.nextafter(edges[-1], 0))
    counts, _ = np.histogram(inside, edges)
    return pd.DataFrame({"left": edges[:-1], "right": edges[1:], "share": counts / len(rows)})


def standardise(rows: pd.DataFrame) -> Floats:
    """Return the log return over each target in units of its forecast standard deviation."""
    daily = rows["variance"].to_numpy(np.float64)
    total = rows["horizon"].to_numpy(np.float64) * daily
    return np.asarray(rows["log_return"].to_numpy(np.float64) / np.sqrt(total))


def level_warnings(levels: pd.DataFrame) -> list[str]:
    """Return a sentence for each ticker whose forecasts of the next session have a wrong level.

    The ratio over all years must lie more than 10 % and 2.5 standard errors from 1; with several
    tickers it is more standard errors, so that all of them together are named by chance as rarely
    as one would be (Bonferroni).

    Examples
    --------
    >>> row = {"horizon": 1, "ticker": "SPY", "year": "all", "ratio": 1.44, "standard_error": 0.1}
    >>> print(*level_warnings(pd.DataFrame([row])))
    SPY: squared returns were 1.44 ± 0.10 times the forecast variance; the volatility was 17 % \
too low
    """
    total = levels[(levels["year"] == ALL_YEARS) & (levels["ticker"] != POOLED)]
    total = total[total["horizon"] == total["horizon"].min()]
    excess = (total["ratio"] - 1.0).abs()
    limit = -ndtri(ndtr(-WARN_AT) / max(len(total), 1))
    wrong = total[(excess > TOLERANCE) & (excess > limit * total["standard_error"])]
    return [_format_warning(row) for row in wrong.to_dict("records")]


def _format_warning(row: dict[str, float]) -> str:
    error = 1.0 / np.sqrt(row["ratio"]) - 1.0
    return (
        f"{row['ticker']}: squared returns were {row['ratio']:.2f} ± {row['standard_error']:.2f} "
        f"times the forecast variance; the volatility was {abs(error):.0%} too "
        f"{'low' if error < 0 else 'high'}".replace("%", " %")
    )


def _with_all(labels: NDArray[Any], label: str) -> Iterator[tuple[str, NDArray[np.intp]]]:
    """Yield the places of all rows under a label, then those of each value."""
    yield label, np.arange(len(labels))
    yield from split_places(labels)


class _Comparison:
    """Compares squared returns with forecast variances, for parts of the rows of a horizon."""

    def __init__(self, rows: pd.DataFrame, horizon: int) -> None:
        self._squared, self._variance = (
            rows[name].to_numpy(np.float64) for name in ("squared_return", "variance")
        )
        self._beyond, self._origin = np.abs(standardise(rows)) > BEYOND, rows["origin"].to_numpy()
        self._horizon = horizon

    def measure(self, places: NDArray[np.intp]) -> dict[str, float]:
        """Return number of rows, ratio, its standard error and share beyond."""
        squared, variance = self._squared[places], self._variance[places]
        ratio = squared.mean() / variance.mean()
        error, _ = collapse_by_date(squared - ratio * variance, self._origin[places])
        spread = compute_standard_error(error, self._horizon)
        return {
            "rows": len(places),
            "ratio": ratio,
            "standard_error": spread * len(error) / variance.sum(),
            "beyond": float(self._beyond[places].mean()),
        }
