"""Error rates of the tests of forecasts: how often they reject what is true, by horizon and dates.

Usage: python -m benchmarks.size [--histories 4000] [--horizon H ...] [--dates N ...] [--json FILE]

Differences of losses with mean zero are drawn and tested at 5 %: by Newey-West errors with
1.3 sqrt(n) lags and Student's t (how volcast tested before), by the same errors with the fixed-b
critical value of Kiefer and Vogelsang (2005), and by `diebold_mariano`, whose errors are those of
equal-weighted cosines. `power` is the rate at a mean of three standard deviations of the mean. For
the Mincer-Zarnowitz test the forecasts are right, at 5 %; for the Model Confidence Set one of two
equal models is excluded at 10 %.
"""

import math
from collections.abc import Callable
from functools import partial
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.signal import lfilter

from benchmarks._output import build_parser, write_figures
from volcast.reports.scoring.confidence_set import model_confidence_set
from volcast.reports.scoring.inference import diebold_mariano, mincer_zarnowitz
from volcast.reports.scoring.scored_rows import qlike

HORIZONS, DATES = (1, 5, 22), (250, 500, 1000, 2500)
LEVEL, SET_LEVEL = 0.05, 0.1
SHIFT = 3.0  # standard deviations of the mean, for the power
PERSISTENCE, SPREAD = 0.97, 0.6  # of the daily log variance, as of indices
NOISE = 0.8  # of a day's log variance around its expectation, as of range-based measures
SET_HISTORIES = 200  # arch needs about 50 ms for each
Floats: TypeAlias = NDArray[np.float64]
Market: TypeAlias = tuple[Floats, Floats]  # realised variance and its expectation at the origin
Simulation: TypeAlias = Callable[[np.random.Generator, tuple[int, int], int], Floats]


def draw_persistent(
    rng: np.random.Generator, shape: tuple[int, int], persistence: float = PERSISTENCE
) -> Floats:
    """Return first-order autoregressive series of unit variance along the second axis."""
    shocks = rng.standard_normal(shape) * np.sqrt(1 - persistence**2)
    shocks[:, 0] /= np.sqrt(1 - persistence**2)
    return np.asarray(lfilter([1.0], [1.0, -persistence], shocks, axis=1))


def average_ahead(daily: Floats, horizon: int) -> Floats:
    """Return the means over `horizon` consecutive sessions."""
    sums = np.cumsum(daily, axis=1)
    sums = np.concatenate([np.zeros_like(sums[:, :1]), sums], axis=1)
    return np.asarray((sums[:, horizon:] - sums[:, :-horizon]) / horizon)


def simulate_overlap(rng: np.random.Generator, shape: tuple[int, int], horizon: int) -> Floats:
    """Return means of normal shocks over overlapping targets."""
    return average_ahead(rng.standard_normal((shape[0], shape[1] + horizon - 1)), horizon)


def simulate_volatile(rng: np.random.Generator, shape: tuple[int, int], horizon: int) -> Floats:
    """Return means over overlapping targets of shocks whose volatility is persistent."""
    longer = (shape[0], shape[1] + horizon - 1)
    daily = rng.standard_normal(longer) * np.exp(SPREAD * draw_persistent(rng, longer))
    return average_ahead(daily, horizon)


def simulate_market(rng: np.random.Generator, shape: tuple[int, int], horizon: int) -> Market:
    """Return the realised variance of each target and its expectation at the origin."""
    longer = (shape[0], shape[1] + horizon)
    log_variance = SPREAD * draw_persistent(rng, longer)
    noise = np.exp(NOISE * rng.standard_normal(longer) - NOISE**2 / 2)
    realized = average_ahead((np.exp(log_variance) * noise)[:, 1:], horizon)
    known = log_variance[:, : shape[1]]
    ahead = [
        np.exp(PERSISTENCE**k * known + SPREAD**2 * (1 - PERSISTENCE ** (2 * k)) / 2)
        for k in range(1, horizon + 1)
    ]
    return realized, np.asarray(np.mean(ahead, axis=0))


def simulate_models(
    rng: np.random.Generator, shape: tuple[int, int], horizon: int, persistence: float
) -> Floats:
    """Return differences in QLIKE of two forecasts with errors of 20 % of their own."""
    realized, expected = simulate_market(rng, shape, horizon)
    one, other = (
        qlike(realized, expected * np.exp(0.2 * draw_persistent(rng, shape, persistence)))
        for _ in range(2)
    )
    return np.asarray(one - other)


SIMULATIONS: dict[str, Simulation] = {
    "overlapping targets": simulate_overlap,
    "and persistent volatility": simulate_volatile,
    "two models, errors of days": partial(simulate_models, persistence=0.5),
    "two models, errors of weeks": partial(simulate_models, persistence=0.9),
    "two models, errors of months": partial(simulate_models, persistence=0.98),
}


def compute_newey_west_statistics(differences: Floats, lags: int) -> Floats:
    """Return the t statistic of each history with Newey-West errors."""
    dates = differences.shape[1]
    gap = differences - differences.mean(axis=1, keepdims=True)
    variance = np.einsum("ij,ij->i", gap, gap)
    for lag in range(1, lags + 1):
        products = np.einsum("ij,ij->i", gap[:, lag:], gap[:, :-lag])
        variance += 2 * (1 - lag / (lags + 1)) * products
    return np.asarray(differences.mean(axis=1) / np.sqrt(variance / dates / (dates - 1)))


def compute_rates(differences: Floats, horizon: int) -> dict[str, float]:
    """Return the shares of histories that each test rejects, and the power of the newest."""
    origins = np.arange(differences.shape[1])
    dates = len(origins)
    lags = max(3 * (horizon - 1), math.ceil(1.3 * math.sqrt(dates)))
    b = (lags + 1) / dates
    # Two-sided 5 % for the Bartlett kernel: Kiefer & Vogelsang (2005), table 1.
    critical = 1.9600 + 2.9694 * b + 0.4160 * b**2 - 0.5324 * b**3
    before = np.abs(compute_newey_west_statistics(differences, lags))
    tests = [diebold_mariano(row, origins, horizon) for row in differences]
    now = np.array([test.statistic for test in tests])
    deviation = differences.mean(axis=1).std()  # the errors do not change with the mean
    moved = now * (1 + SHIFT * deviation / differences.mean(axis=1))
    limit = stats.t.isf(LEVEL / 2, tests[0].degrees_of_freedom)
    rates = {
        "newey_west": before > stats.t.isf(LEVEL / 2, 1.5 / b),
        "fixed_b": before > critical,
        "cosines": [test.p_value < LEVEL for test in tests],
        "power": np.abs(moved) > limit,
        "fixed_b_power": before * np.abs(moved / now) > critical,
    }
    return {name: float(np.mean(rate)) for name, rate in rates.items()}


def compute_other_rates(
    rng: np.random.Generator, shape: tuple[int, int], horizon: int
) -> dict[str, float]:
    """Return the rates of the Mincer-Zarnowitz test and of the Model Confidence Set."""
    origins = np.arange(shape[1])
    markets = zip(*simulate_market(rng, shape, horizon), strict=True)
    lines = [mincer_zarnowitz(y, forecast, origins, horizon) for y, forecast in markets]
    sets = [
        model_confidence_set(np.stack([difference, np.zeros_like(difference)], axis=1), horizon)
        for difference in simulate_overlap(rng, (SET_HISTORIES, shape[1]), horizon)
    ]
    excluded = np.nan if np.isnan(sets).any() else np.mean([min(s) < SET_LEVEL for s in sets])
    return {
        "mincer_zarnowitz": float(np.mean([line.p_value < LEVEL for line in lines])),
        "confidence_set": float(excluded),
    }


def main() -> None:
    """Simulate every case and report the shares of rejections."""
    parser = build_parser(__doc__)
    parser.add_argument("--histories", type=int, default=4_000)
    parser.add_argument("--horizon", type=int, nargs="+", default=HORIZONS, help="sessions ahead")
    parser.add_argument("--dates", type=int, nargs="+", default=DATES, help="lengths of a history")
    arguments = parser.parse_args()
    figures: dict[str, dict[str, float]] = {}
    for horizon in arguments.horizon:
        for dates in arguments.dates:
            rng = np.random.default_rng([horizon, dates])
            shape, place = (arguments.histories, dates), f"horizon {horizon}, {dates} dates"
            for name, simulate in SIMULATIONS.items():
                rates = compute_rates(simulate(rng, shape, horizon), horizon)
                figures[f"{place}, {name}"] = rates
            figures[f"{place}, other tests"] = compute_other_rates(rng, shape, horizon)
            for name in (*SIMULATIONS, "other tests"):
                _print_row(f"{place}, {name}", figures[f"{place}, {name}"])
    write_figures(figures, arguments.json)


def _print_row(name: str, rates: dict[str, float]) -> None:
    print(f"{name:<55}" + "  ".join(f"{key} {x:.3f}" for key, x in rates.items()), flush=True)


if __name__ == "__main__":
    main()
