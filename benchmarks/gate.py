"""Error rates of the gate: promotions of equal and better challengers, demotions of champions.

Usage: python -m benchmarks.gate [--histories 2000] [--json FILE]

Outcomes are the surprises of the embedded indices (variance of a day over log-HAR's forecast),
drawn in blocks of 20 sessions; forecasts differ from the truth by errors of a given kind. A history
is 250 sessions and is tested every day; with a shadow period, earlier sessions count as evidence
without having been tested. The gate is compared with a single one-sided Diebold-Mariano test at 5 %
at the end of the history: with this noise no test can find much more.
"""

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.signal import lfilter

from benchmarks._output import build_parser, write_figures
from benchmarks.development import build_embedded_panel
from volcast.models.regressor.anchor import LogLinear
from volcast.pipeline.config.settings import Config
from volcast.reports.scoring.comparison import GateRules
from volcast.reports.scoring.e_process import log_wealth
from volcast.reports.scoring.inference import diebold_mariano
from volcast.reports.scoring.scores import qlike

SESSIONS, BLOCK, STOCKS = 250, 20, 50
RULES = GateRules()
Floats: TypeAlias = NDArray[np.float64]
Losses: TypeAlias = tuple[Floats, Floats]  # incumbent and rival, (histories, sessions)


class Market:
    """Histories of surprises: outcomes relative to a perfect forecast, mean one."""

    def __init__(self, histories: int, seed: int = 0) -> None:
        config = Config()
        panel = build_embedded_panel(config, None)
        columns = [panel.names.index(name) for name in ("har_1", "har_5", "har_22")]
        x, y = panel.x[:, :, columns].astype(np.float64), panel.target[:, :, 0]
        known = np.isfinite(x).all(axis=(1, 2)) & np.isfinite(y).all(axis=1)
        x, y = x[known], y[known]
        fitted = LogLinear.fit(x.reshape(-1, 3), np.log(y.reshape(-1, 1)))
        surprise = y / np.exp(fitted.predict_log(x.reshape(-1, 3))).reshape(y.shape)
        self.surprise = surprise / surprise.mean(axis=0)
        self.histories, self.rng = histories, np.random.default_rng(seed)

    def draw_outcomes(self, horizon: int = 1, sessions: int = SESSIONS) -> Floats:
        """Return mean surprises over the `horizon` sessions after each, (histories, n, tickers)."""
        length = sessions + horizon - 1
        blocks = length // BLOCK + 1
        starts = self.rng.integers(0, len(self.surprise) - BLOCK, (self.histories, blocks))
        rows = (starts[:, :, None] + np.arange(BLOCK)).reshape(self.histories, -1)[:, :length]
        sums = np.cumsum(self.surprise[rows], axis=1)
        sums = np.concatenate([np.zeros_like(sums[:, :1]), sums], axis=1)
        return np.asarray((sums[:, horizon:] - sums[:, :-horizon]) / horizon)

    def simulate_stocks(self, tickers: int, common: float = 0.3) -> Floats:
        """Return log-normal surprises of stocks, of unit log variance, with a common factor."""
        shape = (self.histories, SESSIONS, tickers)
        factor = self.rng.standard_normal((*shape[:2], 1))
        own = self.rng.standard_normal(shape)
        return np.asarray(np.exp(np.sqrt(common) * factor + np.sqrt(1 - common) * own - 0.5))

    def simulate_errors(self, size: float, persistence: float, shape: tuple[int, ...]) -> Floats:
        """Return errors of a log forecast, first-order autoregressive along the sessions."""
        shocks = self.rng.standard_normal(shape) * np.sqrt(1 - persistence**2)
        shocks[:, 0] /= np.sqrt(1 - persistence**2)
        return np.asarray(size * lfilter([1.0], [1.0, -persistence], shocks, axis=1))

    def find_equal_levels(self, size: float) -> tuple[float, float]:
        """Return a positive and a negative log error that have the same QLIKE."""
        surprises = self.surprise.ravel()

        def excess(below: float) -> float:
            return float(np.mean(qlike(surprises, np.exp(-below)) - qlike(surprises, np.exp(size))))

        return size, -float(brentq(excess, 0.0, 2.0))


Simulation: TypeAlias = Callable[[Market], Losses]


def compute_loss(outcome: Floats, error: Floats | float) -> Floats:
    """Return the QLIKE of forecasts with these log errors, averaged over tickers."""
    return np.asarray(qlike(outcome, np.exp(error) * np.ones_like(outcome)).mean(axis=2))


def simulate_equal_models(
    market: Market, size: float, persistence: float, horizon: int = 1, shadow: int = 0
) -> Losses:
    """Return the losses of two models with independent errors of the same distribution."""
    y = market.draw_outcomes(horizon, SESSIONS + shadow)
    shape = (*y.shape[:2], 1)
    first, second = (market.simulate_errors(size, persistence, shape) for _ in range(2))
    return compute_loss(y, first), compute_loss(y, second)


def simulate_levels(market: Market, size: float, *, rival_lower: bool) -> Losses:
    """Return the losses of two equal models of which one always forecasts a higher variance."""
    y = market.draw_outcomes()
    above, below = market.find_equal_levels(size)
    higher, lower = compute_loss(y, above), compute_loss(y, below)
    return (higher, lower) if rival_lower else (lower, higher)


def simulate_better_model(
    market: Market, y: Floats, gain: float, *, own_errors: bool = False
) -> Losses:
    """Return the losses of a champion and of a challenger that is better by the share `gain`.

    The errors of the champion are common to all tickers of a day, or independent.
    """
    size = np.sqrt(2 * float(np.mean(compute_loss(y, 0.0))) * gain / (1 - gain))
    shape = y.shape if own_errors else (*y.shape[:2], 1)
    return compute_loss(y, market.simulate_errors(size, 0.5, shape)), compute_loss(y, 0.0)


def simulate_challenger(market: Market, gain: float, shadow: int = 0) -> Losses:
    """Return the losses of a champion and of a better challenger on the two indices."""
    outcomes = market.draw_outcomes(sessions=SESSIONS + shadow)
    return simulate_better_model(market, outcomes, gain)


def simulate_differences(market: Market, kind: str) -> Losses:
    """Return losses whose difference has mean zero and a given distribution."""
    rng, shape = market.rng, (market.histories, SESSIONS)
    noise = rng.standard_t(3, shape) if kind == "t3" else rng.standard_normal(shape)
    if kind == "autoregressive":
        noise = market.simulate_errors(1.0, 0.2, shape)
    if kind == "clustered":
        noise = noise * np.exp(market.simulate_errors(0.7, 0.97, shape))
    champion = np.full(shape, 0.45)
    return champion, champion - 0.1 * noise


def compute_promotion_rate(losses: Losses, horizon: int = 1) -> float:
    """Return the share of histories with a promotion on any day of the last year."""
    return float(np.mean([promotes(a, b, horizon) for a, b in zip(*losses, strict=True)]))


def promotes(champion: Floats, challenger: Floats, horizon: int) -> bool:
    """Return whether `gate.decide` promotes on any of the last 250 days, computed in one pass."""
    gain = champion - challenger
    effect = np.cumsum(gain) >= RULES.minimum_effect * np.cumsum(champion)
    promoted = effect & (log_wealth(gain, horizon) >= -np.log(RULES.alpha))
    return bool(promoted[-SESSIONS:].any())


def compute_single_test_power(losses: Losses, horizon: int = 1) -> float:
    """Return the share of histories in which one one-sided test at the end rejects equality."""
    dates = np.arange(losses[0].shape[1])
    tests = [diebold_mariano(b - a, dates, horizon) for a, b in zip(*losses, strict=True)]
    return float(np.mean([t.statistic < 0 and t.p_value < 2 * RULES.alpha for t in tests]))


def compute_demotion_rate(market: Market, gain: float, sessions: int = 2 * SESSIONS) -> float:
    """Return the share of champions, better than HAR by `gain`, that are demoted in two years."""
    y = market.draw_outcomes(sessions=sessions)
    size = np.sqrt(2 * abs(gain) * float(np.mean(compute_loss(y, 0.0))) / (1 - abs(gain)))
    shape = (*y.shape[:2], 1)
    worse = compute_loss(y, market.simulate_errors(size or 0.1, 0.5, shape))
    exact = compute_loss(y, 0.0 if gain else market.simulate_errors(0.1, 0.5, shape))
    champion, har = (exact, worse) if gain >= 0 else (worse, exact)
    return float(np.mean([demotes(a, b) for a, b in zip(champion, har, strict=True)]))


def demotes(champion: Floats, har: Floats, rules: GateRules = RULES) -> bool:
    """Return whether `gate.decide` demotes on any day of a history, computed in one pass.

    After the first window, a moving window can only demote where its mean loss is worse as well.
    """
    early = promotes(champion[: rules.window], har[: rules.window], rules.horizon)
    ones = np.ones(rules.window)
    loss_difference, champion_loss = (
        np.convolve(x, ones, "valid") for x in (champion - har, champion)
    )
    return early or bool((loss_difference >= rules.minimum_effect * champion_loss).any())


def build_equal_models(
    size: float, persistence: float, horizon: int = 1, shadow: int = 0
) -> Simulation:
    """Return a simulation of two equal models; see `simulate_equal_models`."""
    return partial(
        simulate_equal_models, size=size, persistence=persistence, horizon=horizon, shadow=shadow
    )


# By name: the simulation and its horizon. All draw from one generator, so their order matters.
SCENARIOS: dict[str, tuple[Simulation, int]] = {
    **{
        f"equal: {kind} differences": (partial(simulate_differences, kind=kind), 1)
        for kind in ("normal", "t3", "autoregressive", "clustered")
    },
    "equal: errors of 5 %": (build_equal_models(0.05, 0.0), 1),
    "equal: errors of 10 %, persistent": (build_equal_models(0.1, 0.9), 1),
    "equal: errors of 20 %, persistent": (build_equal_models(0.2, 0.9), 1),
    "equal: errors of 20 %, for months": (build_equal_models(0.2, 0.98), 1),
    "equal: challenger always lower": (partial(simulate_levels, size=0.1, rival_lower=True), 1),
    "equal: challenger always higher": (partial(simulate_levels, size=0.1, rival_lower=False), 1),
    "equal: horizon 5": (build_equal_models(0.1, 0.9, horizon=5), 5),
    "equal: horizon 22": (build_equal_models(0.1, 0.9, horizon=22), 22),
    **{
        f"{gain:.0%} better, two indices": (partial(simulate_challenger, gain=gain), 1)
        for gain in (0.03, 0.05, 0.10, 0.15, 0.25)
    },
    **{
        f"equal: {name}, shadow of {shadow}": (
            build_equal_models(size, persistence, shadow=shadow),
            1,
        )
        for shadow in (500, 1000)
        for name, size, persistence in (("persistent", 0.1, 0.9), ("for months", 0.2, 0.98))
    },
    **{
        f"{gain:.0%} better, shadow of {shadow}": (
            partial(simulate_challenger, gain=gain, shadow=shadow),
            1,
        )
        for shadow in (500, 1000)
        for gain in (0.03, 0.05, 0.10, 0.15)
    },
}
WIDE = {
    f"{gain:.0%} better, {STOCKS} stocks, {whose} errors": (gain, whose == "own")
    for gain in (0.03, 0.05)
    for whose in ("common", "own")
}
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
    for name, (simulate, horizon) in SCENARIOS.items():
        losses = simulate(market)
        figures[name] = _compute_shares(losses, horizon)
        _print_row(name, figures[name])
    for name, (gain, own) in WIDE.items():
        losses = simulate_better_model(narrow, narrow.simulate_stocks(STOCKS), gain, own_errors=own)
        figures[name] = _compute_shares(losses, 1)
        _print_row(name, figures[name])
    for name, gain in DEMOTIONS.items():
        figures[name] = {"demoted": compute_demotion_rate(market, gain)}
        _print_row(name, figures[name])
    write_figures(figures, arguments.json)


def _compute_shares(losses: Losses, horizon: int) -> dict[str, float]:
    return {
        "gain": float(1 - losses[1].mean() / losses[0].mean()),
        "noise": float((losses[0] - losses[1]).std()),
        "promoted": compute_promotion_rate(losses, horizon),
        "single_look": compute_single_test_power(losses, horizon),
    }


def _print_row(name: str, shares: dict[str, float]) -> None:
    print(f"{name:<40}" + "  ".join(f"{key} {x:.3f}" for key, x in shares.items()), flush=True)


if __name__ == "__main__":
    main()
