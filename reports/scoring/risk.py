"""Backtests of value at risk and expected shortfall by ticker, and a traffic light.

Kupiec (1995) tests the number of exceedances, Christoffersen (1998) whether one makes the next more
likely, and both together; Acerbi & Szekely (2014, their Z2) test the size of the losses beyond;
the loss of Fissler & Ziegel (2016, in the form of Patton, Ziegel & Chen 2019) ranks models.
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import bdtr, chdtrc, xlogy

from volcast.reports.scoring.inference import Floats
from volcast.reports.scoring.scores import POOLED

GREEN, YELLOW, RED = "green", "yellow", "red"
ZONES = ((0.95, GREEN), (0.9999, YELLOW), (1.01, RED))  # Basel Committee 1996, of the binomial
SIMULATIONS, SEED = 1_000, 0
PASSED_AT = 0.01  # a ticker fails if the test rejects at this level

RISK_COLUMNS = [
    *("level", "model", "ticker", "rows", "exceedances", "share"),
    *("kupiec_p", "independence_p", "coverage_p", "es_p", "es_ratio", "fz_loss", "zone"),
    *("tickers_passed", "tickers_green"),
]


def risk_table(tails: pd.DataFrame) -> pd.DataFrame:
    """Backtest value at risk and expected shortfall.

    Parameters
    ----------
    tails
        Result of `value_at_risk.tail_forecasts`.

    Returns
    -------
    DataFrame
        One row a level, model and ticker, with the columns `RISK_COLUMNS`. Pooled rows (ticker
        `all`) come first: shares of all rows, the loss, and the shares of tickers that pass
        conditional coverage at 1 % (`tickers_passed`) and are green. They have no p-values, since
        tickers share their days. `es_ratio` is the mean return beyond the value at risk over the
        mean expected shortfall there: above 1, losses were larger than forecast. Forecasts that
        are too low are exceeded more often, so with 500 residuals it is 1.03 at 1 % even if the
        returns follow the forecast distribution.
    """
    records: list[dict[str, Any]] = []
    for (level, model), part in tails.groupby(["level", "model"], sort=False):
        tickers = [_backtest(one, str(name)) for name, one in part.groupby("ticker", sort=True)]
        pooled = {
            **_sums(part),
            "ticker": POOLED,
            "tickers_passed": np.mean([not t["coverage_p"] < PASSED_AT for t in tickers]),
            "tickers_green": np.mean([t["zone"] == GREEN for t in tickers]),
        }
        records += [{**row, "level": level, "model": model} for row in (pooled, *tickers)]
    return pd.DataFrame(records, columns=RISK_COLUMNS)


def kupiec(exceeded: NDArray[np.bool_], level: float) -> float:
    """Return Kupiec's likelihood ratio of unconditional coverage, one degree of freedom.

    Examples
    --------
    >>> exceeded = np.zeros(100, dtype=bool)
    >>> exceeded[:5] = True
    >>> kupiec(exceeded, level=0.05)
    0.0
    """
    n, x = len(exceeded), int(exceeded.sum())
    # Rounding may leave the likelihood at its maximum below that at the level.
    return max(2.0 * (_log_likelihood(x, n, x / n) - _log_likelihood(x, n, level)), 0.0)


def independence(exceeded: NDArray[np.bool_]) -> float:
    """Return the likelihood ratio of a first-order chain against none, one degree of freedom."""
    if len(exceeded) < 2:
        return 0.0
    before, after = exceeded[:-1], exceeded[1:]
    ratio = -_log_likelihood(after.sum(), len(after), after.mean())
    for state in (False, True):
        followed = after[before == state]
        if len(followed):
            ratio += _log_likelihood(followed.sum(), len(followed), followed.mean())
    return float(2.0 * max(ratio, 0.0))


def shortfall_p_value(tail: pd.DataFrame, level: float) -> float:
    """Return the p-value of the hypothesis that the expected shortfall is correct (Z2).

    Simulated: the number of exceedances is binomial, and the losses beyond, in units of the
    expected shortfall, are drawn from those observed, rescaled to the mean of 1 that a correct
    forecast implies.
    """
    ratio = (tail["log_return"] / tail["es"]).to_numpy()[_exceeded(tail)]
    if len(ratio) == 0:
        return 1.0
    rng = np.random.default_rng(SEED)
    counts = rng.binomial(len(tail), level, SIMULATIONS)
    drawn = rng.choice(ratio / ratio.mean(), counts.sum())
    ends = np.cumsum(counts)
    sums = np.diff(np.concatenate([[0.0], np.cumsum(drawn)])[[0, *ends]])
    return float((1 + (sums >= ratio.sum()).sum()) / (1 + SIMULATIONS))


def fissler_ziegel(tail: pd.DataFrame, level: float) -> Floats:
    """Return the joint loss of VaR and ES of each row (FZ0); smaller is better."""
    quantile, shortfall = tail["var"].to_numpy(), tail["es"].to_numpy()
    beyond = np.where(_exceeded(tail), quantile - tail["log_return"].to_numpy(), 0.0)
    loss = -beyond / (level * shortfall) + quantile / shortfall + np.log(-shortfall) - 1.0
    return np.asarray(loss)


def zone(exceedances: int, rows: int, level: float) -> str:
    """Return the Basel Committee's zone of a number of exceedances.

    The zone is yellow from the number on that is reached with a probability of 5 % or less, and
    red from 0.01 %.

    Examples
    --------
    >>> zone(4, 250, 0.01), zone(5, 250, 0.01), zone(10, 250, 0.01)
    ('green', 'yellow', 'red')
    """
    likelihood = bdtr(exceedances, rows, level)
    return next(name for bound, name in ZONES if likelihood < bound)


def _backtest(tail: pd.DataFrame, ticker: str) -> dict[str, Any]:
    tail = tail.sort_values("origin")
    level, exceeded = float(tail["level"].iloc[0]), _exceeded(tail)
    total, alone = kupiec(exceeded, level), independence(exceeded)
    return {
        **_sums(tail),
        "ticker": ticker,
        "kupiec_p": chdtrc(1, total),
        "independence_p": chdtrc(1, alone),
        "coverage_p": chdtrc(2, total + alone),
        "es_p": shortfall_p_value(tail, level),
        "zone": zone(int(exceeded.sum()), len(tail), level),
    }


def _sums(tail: pd.DataFrame) -> dict[str, Any]:
    exceeded = _exceeded(tail)
    beyond = tail[exceeded]
    ratio = beyond["log_return"].mean() / beyond["es"].mean() if len(beyond) else np.nan
    return {
        "rows": len(tail),
        "exceedances": int(exceeded.sum()),
        "share": exceeded.mean(),
        "es_ratio": ratio,
        "fz_loss": fissler_ziegel(tail, float(tail["level"].iloc[0])).mean(),
    }


def _exceeded(tail: pd.DataFrame) -> NDArray[np.bool_]:
    return np.asarray(tail["log_return"].to_numpy() < tail["var"].to_numpy())


def _log_likelihood(successes: float, trials: int, share: float) -> float:
    """Return the log likelihood of a Bernoulli sample; 0 log 0 is 0."""
    return float(xlogy(successes, share) + xlogy(trials - successes, 1.0 - share))
