"""Error rates of the gate: promotions of equal and better challengers, demotions of champions.

Usage: python -m benchmarks.gate [--histories 2000] [--json FILE]

A history is 250 sessions and is tested every day; with a shadow period, earlier sessions count as
evidence without having been tested. The gate is compared with a single one-sided Diebold-Mariano
test at 5 % at the end of the history: with this noise no test can find much more. The outcomes and
forecasts are those of `benchmarks.gate_market`; `benchmarks.gate_surprises` asks for five years.
"""

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

import numpy as np

from benchmarks._output import build_parser, write_figures
from benchmarks.gate_market import RULES, SESSIONS, Market, Record, build_record
from volcast.reports.scoring.comparison import GateRules
from volcast.reports.scoring.inference import Floats, diebold_mariano

STOCKS = 50
Simulation: TypeAlias = Callable[[Market], Record]


def simulate_equal_models(
    market: Market, size: float, persistence: float, horizon: int = 1, shadow: int = 0
) -> Record:
    """Return the record of two models with independent errors of the same distribution."""
    y = market.draw_outcomes(horizon, SESSIONS + shadow)
    shape = (*y.shape[:2], 1)
    first, second = (market.simulate_errors(size, persistence, shape) for _ in range(2))
    return build_record(y, first, second)


def simulate_levels(market: Market, size: float, *, rival_lower: bool) -> Record:
    """Return the record of two equal models of which one always forecasts a higher variance."""
    above, below = market.find_equal_levels(size)
    pair = (above, below) if rival_lower else (below, above)
    return build_record(market.draw_outcomes(), *pair)


def simulate_better_model(
    market: Market, y: Floats, gain: float, *, own_errors: bool = False
) -> Record:
    """Return the record of a challenger that is better than the champion by the share `gain`.

    The errors of the champion are common to all tickers of a day, or independent.
    """
    shape = y.shape if own_errors else (*y.shape[:2], 1)
    return build_record(y, market.simulate_errors(market.find_error_size(y, gain), 0.5, shape), 0.0)


def simulate_challenger(market: Market, gain: float, shadow: int = 0) -> Record:
    """Return the record of a better challenger on the two indices."""
    return simulate_better_model(market, market.draw_outcomes(sessions=SESSIONS + shadow), gain)


def simulate_equal_stocks(market: Market, size: float) -> Record:
    """Return the record of two equal models on stocks, each with errors of its own."""
    y = market.simulate_stocks(STOCKS)
    return build_record(y, *(market.simulate_errors(size, 0.5, y.shape) for _ in range(2)))


def compute_single_test_power(record: Record, horizon: int = 1) -> float:
    """Return the share of histories in which one one-sided test at the end rejects equality."""
    dates = np.arange(record.gain.shape[1])
    tests = [diebold_mariano(-gain, dates, horizon) for gain in record.gain]
    return float(np.mean([t.statistic < 0 and t.p_value < 2 * RULES.alpha for t in tests]))


def compute_demotion_rate(market: Market, gain: float, sessions: int = 2 * SESSIONS) -> float:
    """Return the share of champions, better than HAR by `gain`, that are demoted in two years."""
    y = market.draw_outcomes(sessions=sessions)
    size = market.find_error_size(y, abs(gain))
    shape = (*y.shape[:2], 1)
    worse = market.simulate_errors(size or 0.1, 0.5, shape)
    exact = 0.0 if gain else market.simulate_errors(0.1, 0.5, shape)
    record = build_record(y, *((exact, worse) if gain >= 0 else (worse, exact)))
    return float(np.mean(find_demotions(record)))


def find_demotions(record: Record, rules: GateRules = RULES) -> Floats:
    """Return whether `gate.decide` demotes on any day of each history, computed in one pass.

    After the first window, a moving window can only demote where its mean loss is worse as well.
    """
    first = record.find_promotions(rules.horizon)
    early = (first > 0) & (first <= rules.window)
    saved, loss = (
        np.lib.stride_tricks.sliding_window_view(each, rules.window, axis=1).sum(axis=2)
        for each in (record.gain, record.incumbent_loss)
    )
    return np.asarray(early | (saved >= rules.minimum_effect * loss).any(axis=1))


def build_equal_models(
    size: float, persistence: float, horizon: int = 1, shadow: int = 0
) -> Simulation:
    """Return a simulation of two equal models; see `simulate_equal_models`."""
    return partial(
        simulate_equal_models, size=size, persistence=persistence, horizon=horizon, shadow=shadow
    )


# By name: the simulation, its horizon and its shadow period. All draw from one generator, so their
# order matters.
SCENARIOS: dict[str, tuple[Simulation, int, int]] = {
    "equal: errors of 5 %": (build_equal_models(0.05, 0.0), 1, 0),
    "equal: errors of 10 %, persistent": (build_equal_models(0.1, 0.9), 1, 0),
    "equal: errors of 20 %, persistent": (build_equal_models(0.2, 0.9), 1, 0),
    "equal: errors of 20 %, for months": (build_equal_models(0.2, 0.98), 1, 0),
    "equal: challenger always lower": (partial(simulate_levels, size=0.1, rival_lower=True), 1, 0),
    "equal: challenger always higher": (
        partial(simulate_levels, size=0.1, rival_lower=False),
        1,
        0,
    ),
    "equal: horizon 5": (build_equal_models(0.1, 0.9, horizon=5), 5, 0),
    "equal: horizon 22": (build_equal_models(0.1, 0.9, horizon=22), 22, 0),
    **{
        f"equal: {name}, shadow of {shadow}": (
            build_equal_models(size, persistence, shadow=shadow),
            1,
            shadow,
        )
        for shadow in (500, 1000)
        for name, size, persistence in (("persistent", 0.1, 0.9), ("for months", 0.2, 0.98))
    },
    **{
        f"{gain:.0%} better, two indices, shadow of {shadow}": (
            partial(simulate_challenger, gain=gain, shadow=shadow),
            1,
            shadow,
        )
        for shadow in (0, 500, 1000)
        for gain in (0.03, 0.05, 0.10, 0.15, 0.25)
    },
}
WIDE = {
    f"{gain:.0%} better, {STOCKS} stocks, {whose} errors": (gain, whose == "own")
    for gain in (0.03, 0.05, 0.10)
    for whose in ("common", "own")
}
EQUAL_STOCKS = {f"equal: {STOCKS} stocks, own errors of {s:.0%}": s for s in (0.1, 0.2, 0.3)}
DEMOTIONS = {
    "champion 15 % better than HAR": 0.15,
    "champion 5 % better than HAR": 0.05,
    "champion equal to HAR": 0.0,
    "champion 5 % worse than HAR": -0.05,
    "champion 15 % worse than HAR": -0.15,
}


def main() -> None:
    """Simulate every scenario and report the shares."""
    parser = build_parser(__doc__)
    parser.add_argument("--histories", type=int, default=2_000)
    arguments = parser.parse_args()
    market = Market(arguments.histories)
    narrow = Market(max(arguments.histories // 5, 1), seed=1)  # stocks take fifty times the memory
    figures: dict[str, dict[str, float]] = {}
    for name, (simulate, horizon, shadow) in SCENARIOS.items():
        figures[name] = _compute_shares(simulate(market), horizon, shadow)
        _print_row(name, figures[name])
    for name, (gain, own) in WIDE.items():
        y = narrow.simulate_stocks(STOCKS)
        figures[name] = _compute_shares(simulate_better_model(narrow, y, gain, own_errors=own))
        _print_row(name, figures[name])
    for name, size in EQUAL_STOCKS.items():
        figures[name] = _compute_shares(simulate_equal_stocks(narrow, size))
        _print_row(name, figures[name])
    for name, gain in DEMOTIONS.items():
        figures[name] = {"demoted": compute_demotion_rate(market, gain)}
        _print_row(name, figures[name])
    write_figures(figures, arguments.json)


def _compute_shares(record: Record, horizon: int = 1, shadow: int = 0) -> dict[str, float]:
    return {
        "gain": float(record.gain.mean() / record.incumbent_loss.mean()),
        "noise": float(record.gain.std()),
        "promoted": float(np.mean(record.find_promotions(horizon, shadow) >= 0)),
        "single_look": compute_single_test_power(record, horizon),
    }


def _print_row(name: str, shares: dict[str, float]) -> None:
    print(f"{name:<44}" + "  ".join(f"{key} {x:.3f}" for key, x in shares.items()), flush=True)


if __name__ == "__main__":
    main()
