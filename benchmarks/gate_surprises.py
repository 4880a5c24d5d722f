"""Promotions over five years of daily questions, where rare outcomes decide who is better.

Usage: python -m benchmarks.gate_surprises [--histories 1000] [--horizon 1] [--json FILE]

Equal challengers: with independent errors of 10 %, or with a forecast that is always the champion's
times a factor. Surprises of 40 or 100 times the champion's forecast come as rarely as makes the
expected losses equal although the lower forecast is exact on all other days. With long memory the
level of all outcomes wanders by 20 %, with a persistence of 0.98 a session: the mean losses are
equal over the years, but not in a given month. Better challengers: exact, against a champion with
errors. Each is asked after a shadow period by the gate and, for comparison, by the bets that it
placed before (limited differences in units of the usual loss; decision 0014).
"""

from itertools import product

import numpy as np
from numpy.typing import NDArray

from benchmarks._output import build_parser, write_figures
from benchmarks.gate_market import SESSIONS, Market, Record, average_ahead, build_record
from volcast.reports.scoring.inference import Floats

YEARS = 5
SHADOWS, FACTORS, SURPRISES, MEMORIES = (0, 250, 1000), (1.0, 0.8, 0.6, 1.25), (0, 40, 100), (0, 1)
GAINS = (0.0, 0.02, 0.05, 0.10)
LEVEL_SIZE, LEVEL_PERSISTENCE, ERROR_SIZE, ERROR_PERSISTENCE = 0.2, 0.98, 0.1, 0.9
BET, CLIP, WARM_UP = 0.09, 8.0, 20  # of the bets of decision 0014


def draw_outcomes(
    market: Market, sessions: int, factor: float, surprise: int, *, long_memory: bool
) -> Floats:
    """Return outcomes of single sessions, relative to the champion's forecast.

    Their mean is that at which the champion's forecast and the one times `factor` lose the same.
    """
    days = market.draw_days(sessions)
    if surprise:
        lower = factor if factor != 1.0 else 0.8
        usual, mean = min(lower, 1.0), _find_mean(lower)
        hit = market.rng.random((*days.shape[:2], 1)) < (mean - usual) / (surprise - usual)
        days = np.where(hit, float(surprise), usual * days) / mean
    if long_memory:
        shape = (*days.shape[:2], 1)
        level = market.simulate_errors(LEVEL_SIZE, LEVEL_PERSISTENCE, shape)
        days = days * np.exp(level - LEVEL_SIZE**2 / 2)
    return days * _find_mean(factor)


def simulate_equal_rival(
    market: Market, cell: tuple[float, int, int], sessions: int, horizon: int
) -> Record:
    """Return the record of an equal challenger: `cell` is factor, surprise and long memory."""
    factor, surprise, memory = cell
    days = draw_outcomes(market, sessions + horizon - 1, factor, surprise, long_memory=bool(memory))
    outcome = average_ahead(days, horizon)
    if factor != 1.0:
        return build_record(outcome, 0.0, float(np.log(factor)))
    shape = (*outcome.shape[:2], 1)
    errors = (market.simulate_errors(ERROR_SIZE, ERROR_PERSISTENCE, shape) for _ in range(2))
    return build_record(outcome, *errors)


def simulate_better_rival(market: Market, gain: float, sessions: int, horizon: int) -> Record:
    """Return the record of an exact challenger, better by the share `gain`; 0: of an equal one."""
    y = market.draw_outcomes(horizon, sessions)
    shape = (*y.shape[:2], 1)
    size = market.find_error_size(y, gain or 0.05)
    rival = 0.0 if gain else market.simulate_errors(size, 0.5, shape)
    return build_record(y, market.simulate_errors(size, 0.5, shape), rival)


def compute_limited_wealth(gain: Floats, horizon: int) -> Floats:
    """Return the log wealth of the earlier bets, for differences of losses (histories, n)."""
    count = np.arange(1, gain.shape[1] + 1)
    lost = np.minimum(gain, 0.0)
    mean_square = np.cumsum(gain**2, axis=1) / count
    losses = np.cumsum(lost < 0, axis=1)
    scale = np.sqrt((np.cumsum(lost**2, axis=1) + mean_square) / (losses + 1))
    scale[:, : WARM_UP - 1] = 0.0
    known = np.pad(scale, ((0, 0), (horizon, 0)))[:, : gain.shape[1]]
    placed = (known > 0) & (np.arange(gain.shape[1]) % horizon == 0)
    standard = np.divide(gain, known, out=np.zeros_like(gain), where=placed)
    return np.asarray(np.cumsum(np.log1p(BET * np.clip(standard, -CLIP, CLIP)), axis=1))


def summarize(promotions: NDArray[np.intp]) -> dict[str, float]:
    """Return the shares promoted in five years and in the first, and the median wait."""
    promoted = promotions[promotions >= 0]
    return {
        "promoted": len(promoted) / len(promotions),
        "first_year": float(np.sum(promoted <= SESSIONS)) / len(promotions),
        "median_sessions": float(np.median(promoted)) if len(promoted) else float("nan"),
    }


def ask(record: Record, horizon: int, shadow: int) -> dict[str, dict[str, float]]:
    """Return what the gate and the earlier bets do."""
    before = compute_limited_wealth(record.gain, horizon)
    return {
        "before": summarize(record.find_promotions(horizon, shadow, before)),
        "now": summarize(record.find_promotions(horizon, shadow)),
    }


def main() -> None:
    """Simulate every cell and report the shares."""
    parser = build_parser(__doc__)
    parser.add_argument("--histories", type=int, default=1_000)
    parser.add_argument("--horizon", type=int, default=1)
    arguments = parser.parse_args()
    market, horizon = Market(arguments.histories), arguments.horizon
    figures: dict[str, dict[str, dict[str, float]]] = {}
    for factor, surprise, memory, shadow in product(FACTORS, SURPRISES, MEMORIES, SHADOWS):
        sessions = YEARS * SESSIONS + shadow
        record = simulate_equal_rival(market, (factor, surprise, memory), sessions, horizon)
        name = f"equal, factor {factor:g}, surprises {surprise}, "
        name += f"{'long memory' if memory else 'no memory'}, shadow {shadow}"
        figures[name] = ask(record, horizon, shadow)
        _print_row(name, figures[name])
    for gain, shadow in product(GAINS, SHADOWS):
        sessions = YEARS * SESSIONS + shadow
        record = simulate_better_rival(market, gain, sessions, horizon)
        name = f"{gain:.0%} better, shadow {shadow}"
        figures[name] = ask(record, horizon, shadow)
        _print_row(name, figures[name])
    write_figures(figures, arguments.json)


def _find_mean(factor: float) -> float:
    """Return the mean outcome at which forecasts of 1 and of `factor` have the same QLIKE."""
    return float(np.log(factor) / (1.0 - 1.0 / factor)) if factor != 1.0 else 1.0


def _print_row(name: str, shares: dict[str, dict[str, float]]) -> None:
    parts = (
        f"{who}: {share['promoted']:6.1%} ({share['first_year']:6.1%} in the first year, "
        f"median {share['median_sessions']:5.0f})"
        for who, share in shares.items()
    )
    print(f"{name:<66}" + "   ".join(parts), flush=True)


if __name__ == "__main__":
    main()
