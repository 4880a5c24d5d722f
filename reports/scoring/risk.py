"""Backtests of value at risk and expected shortfall by ticker, and a traffic light.

Kupiec (1995) tests the number of exceedances, Christoffersen (1998) whether one makes the next more
likely, and both together; Acerbi & Szekely (2014, their Z2) test the size of the losses beyond;
the loss of Fissler & Ziegel (2016, in the form of Patton, Ziegel & Chen 2019) ranks models.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import bdtr, chdtrc, xlogy

from volcast.reports.scoring.groups import split_places
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


@dataclass(frozen=True)
class Tail:
    """Returns and their forecasts of value at risk and expected shortfall, each (n,).

    Log returns, in the order of time; both forecasts are usually negative.
    """

    level: float
    log_return: Floats
    var: Floats
    es: Floats

    @property
    def exceeded(self) -> NDArray[np.bool_]:
        """Whether a return lies beyond its value at risk."""
        return np.asarray(self.log_return < self.var)

    def select(self, rows: NDArray[np.intp]) -> "Tail":
        """Return some rows, in their order."""
        return Tail(self.level, self.log_return[rows], self.var[rows], self.es[rows])


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
        part = part.sort_values("origin", kind="stable")
        columns = (part[name].to_numpy(np.float64) for name in ("log_return", "var", "es"))
        tail = Tail(float(str(level)), *columns)
        tickers = [
            {**_backtest(tail.select(own)), "ticker": name}
            for name, own in split_places(part["ticker"].to_numpy(str))
        ]
        pooled = {
            **_sums(tail),
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


def shortfall_p_value(tail: Tail) -> float:
    """Return the p-value of the hypothesis that the expected shortfall is correct (Z2).

    Simulated: the number of exceedances is binomial, and the losses beyond, in units of the
    expected shortfall, are drawn from those observed, rescaled to the mean of 1 that a correct
    forecast implies.
    """
    ratio = (tail.log_return / tail.es)[tail.exceeded]
    if len(ratio) == 0:
        return 1.0
    rng = np.random.default_rng(SEED)
    counts = rng.binomial(len(tail.log_return), tail.level, SIMULATIONS)
    drawn = rng.choice(ratio / ratio.mean(), counts.sum())
    ends = np.cumsum(counts)
    sums = np.diff(np.concatenate([[0.0], np.cumsum(drawn)])[[0, *ends]])
    return float((1 + (sums >= ratio.sum()).sum()) / (1 + SIMULATIONS))


def fissler_ziegel(tail: Tail) -> Floats:
    """Return the joint loss of VaR and ES of each row (FZ0); smaller is better."""
    beyond = np.where(tail.exceeded, tail.var - tail.log_return, 0.0)
    loss = -beyond / (tail.level * tail.es) + tail.var / tail.es + np.log(-tail.es) - 1.0
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


def _backtest(tail: Tail) -> dict[str, Any]:
    exceeded = tail.exceeded
    total, alone = kupiec(exceeded, tail.level), independence(exceeded)
    return {
        **_sums(tail),
        "kupiec_p": chdtrc(1, total),
        "independence_p": chdtrc(1, alone),
        "coverage_p": chdtrc(2, total + alone),
        "es_p": shortfall_p_value(tail),
        "zone": zone(int(exceeded.sum()), len(exceeded), tail.level),
    }


def _sums(tail: Tail) -> dict[str, Any]:
    exceeded = tail.exceeded
    losses, forecasts = tail.log_return[exceeded], tail.es[exceeded]
    return {
        "rows": len(exceeded),
        "exceedances": len(losses),
        "share": exceeded.mean(),
        "es_ratio": losses.mean() / forecasts.mean() if len(losses) else np.nan,
        "fz_loss": fissler_ziegel(tail).mean(),
    }


def _log_likelihood(successes: float, trials: int, share: float) -> float:
    """Return the log likelihood of a Bernoulli sample; 0 log 0 is 0."""
    return float(xlogy(successes, share) + xlogy(trials - successes, 1.0 - share))
