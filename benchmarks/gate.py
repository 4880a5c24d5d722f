"""How often the gate promotes an equal challenger, a better one, and demotes a champion.

Usage: python -m benchmarks.gate [--histories 2000] [--json FILE]

Outcomes are the embedded indices' surprises (variance of a day over log-HAR's forecast), drawn in
blocks of 20 sessions; forecasts differ from the truth by errors of a stated kind. A history is 250
sessions, looked at every day; with a shadow period there are sessions before it that count as
evidence, but that nobody looked at. Beside the gate stands a single look at the end by
Diebold-Mariano, one-sided at 5 %: with the noise as it is, more than that can hardly be found by
any test.
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.signal import lfilter

from benchmarks.development import embedded_panel
from volcast.models.regressor.anchor import LogLinear
from volcast.pipeline.config.settings import Config
from volcast.reports.comparison import GateRules
from volcast.reports.e_process import log_wealth
from volcast.reports.inference import diebold_mariano
from volcast.reports.scores import qlike

SESSIONS, BLOCK, STOCKS = 250, 20, 50
RULES = GateRules()
Floats: TypeAlias = NDArray[np.float64]
Losses: TypeAlias = tuple[Floats, Floats]  # incumbent and rival, (histories, sessions)


class Market:
    """Histories of surprises: outcomes relative to a perfect forecast, mean one."""

    def __init__(self, histories: int, seed: int = 0) -> None:
        config = Config()
        panel = embedded_panel(config, None)
        places = [panel.names.index(name) for name in ("har_1", "har_5", "har_22")]
        x, y = panel.x[:, :, places].astype(np.float64), panel.target[:, :, 0]
        known = np.isfinite(x).all(axis=(1, 2)) & np.isfinite(y).all(axis=1)
        x, y = x[known], y[known]
        fitted = LogLinear.fit(x.reshape(-1, 3), np.log(y.reshape(-1, 1)))
        surprise = y / np.exp(fitted.predict_log(x.reshape(-1, 3))).reshape(y.shape)
        self.surprise = surprise / surprise.mean(axis=0)
        self.histories, self.rng = histories, np.random.default_rng(seed)

    def outcomes(self, horizon: int = 1, sessions: int = SESSIONS) -> Floats:
        """Return mean surprises over the `horizon` sessions after each, (histories, n, tickers)."""
        length = sessions + horizon - 1
        blocks = length // BLOCK + 1
        starts = self.rng.integers(0, len(self.surprise) - BLOCK, (self.histories, blocks))
        rows = (starts[:, :, None] + np.arange(BLOCK)).reshape(self.histories, -1)[:, :length]
        sums = np.cumsum(self.surprise[rows], axis=1)
        sums = np.concatenate([np.zeros_like(sums[:, :1]), sums], axis=1)
        return np.asarray((sums[:, horizon:] - sums[:, :-horizon]) / horizon)

    def wide(self, tickers: int, common: float = 0.3) -> Floats:
        """Return log-normal surprises of unit variance that share a factor, as of many stocks."""
        shape = (self.histories, SESSIONS, tickers)
        factor = self.rng.standard_normal((*shape[:2], 1))
        own = self.rng.standard_normal(shape)
        return np.asarray(np.exp(np.sqrt(common) * factor + np.sqrt(1 - common) * own - 0.5))

    def errors(self, size: float, persistence: float, shape: tuple[int, ...]) -> Floats:
        """Return errors of a log forecast, first-order autoregressive along the sessions."""
        shocks = self.rng.standard_normal(shape) * np.sqrt(1 - persistence**2)
        shocks[:, 0] /= np.sqrt(1 - persistence**2)
        return np.asarray(size * lfilter([1.0], [1.0, -persistence], shocks, axis=1))

    def equal_level(self, size: float) -> tuple[float, float]:
        """Return log errors above and below the truth that cost the same QLIKE."""
        every = self.surprise.ravel()

        def excess(below: float) -> float:
            return float(np.mean(qlike(every, np.exp(-below)) - qlike(every, np.exp(size))))

        return size, -float(brentq(excess, 0.0, 2.0))


def loss(outcome: Floats, error: Floats | float) -> Floats:
    """Return the QLIKE of forecasts with these log errors, averaged over tickers."""
    return np.asarray(qlike(outcome, np.exp(error) * np.ones_like(outcome)).mean(axis=2))


def equals(
    market: Market, size: float, persistence: float, horizon: int = 1, shadow: int = 0
) -> Losses:
    """Return the losses of two models whose errors are alike and independent."""
    y = market.outcomes(horizon, SESSIONS + shadow)
    shape = (*y.shape[:2], 1)
    first, second = (market.errors(size, persistence, shape) for _ in range(2))
    return loss(y, first), loss(y, second)


def levels(market: Market, size: float, *, rival_lower: bool) -> Losses:
    """Return the losses of two equal models of which one always forecasts more."""
    y = market.outcomes()
    above, below = market.equal_level(size)
    return (loss(y, above), loss(y, below)) if rival_lower else (loss(y, below), loss(y, above))


def better(market: Market, y: Floats, gain: float, *, own_errors: bool = False) -> Losses:
    """Return the losses of a champion and of a challenger that saves this share of them.

    The champion errs alike for all tickers of a day, or for each one by itself.
    """
    size = np.sqrt(2 * float(np.mean(loss(y, 0.0))) * gain / (1 - gain))
    shape = y.shape if own_errors else (*y.shape[:2], 1)
    return loss(y, market.errors(size, 0.5, shape)), loss(y, 0.0)


def artificial(market: Market, kind: str) -> Losses:
    """Return losses whose difference has mean zero and a textbook law."""
    rng, shape = market.rng, (market.histories, SESSIONS)
    noise = rng.standard_t(3, shape) if kind == "t3" else rng.standard_normal(shape)
    if kind == "autoregressive":
        noise = market.errors(1.0, 0.2, shape)
    if kind == "clustered":
        noise = noise * np.exp(market.errors(0.7, 0.97, shape))
    champion = np.full(shape, 0.45)
    return champion, champion - 0.1 * noise


def promoted(losses: Losses, horizon: int = 1) -> float:
    """Return the share of histories in which the rival is promoted on any day of the last year."""
    return float(np.mean([promotes(a, b, horizon) for a, b in zip(*losses, strict=True)]))


def promotes(champion: Floats, challenger: Floats, horizon: int) -> bool:
    """Tell whether `gate.decide` promotes on any of the last 250 days, in one pass."""
    gain = champion - challenger
    saved = np.cumsum(gain) >= RULES.minimum_effect * np.cumsum(champion)
    enough = saved & (log_wealth(gain, horizon) >= -np.log(RULES.alpha))
    return bool(enough[-SESSIONS:].any())


def found_at_the_end(losses: Losses, horizon: int = 1) -> float:
    """Return the share of histories in which a single one-sided test at the end finds the rival."""
    dates = np.arange(losses[0].shape[1])
    tests = [diebold_mariano(b - a, dates, horizon) for a, b in zip(*losses, strict=True)]
    return float(np.mean([t.statistic < 0 and t.p_value < 2 * RULES.alpha for t in tests]))


def demoted(market: Market, gain: float, sessions: int = 2 * SESSIONS) -> float:
    """Return the share of champions, better than HAR by `gain`, that are demoted in two years."""
    y = market.outcomes(sessions=sessions)
    size = np.sqrt(2 * abs(gain) * float(np.mean(loss(y, 0.0))) / (1 - abs(gain)))
    wrong = loss(y, market.errors(size or 0.1, 0.5, (*y.shape[:2], 1)))
    right = loss(y, 0.0) if gain else loss(y, market.errors(0.1, 0.5, (*y.shape[:2], 1)))
    champion, har = (right, wrong) if gain >= 0 else (wrong, right)
    return float(np.mean([demotes(a, b) for a, b in zip(champion, har, strict=True)]))


def demotes(champion: Floats, har: Floats, rules: GateRules = RULES) -> bool:
    """Tell whether `volcast.reports.gate.decide` demotes on any day of a history, in one pass.

    Past the first window a moving one may reach the evidence only where its mean loss is lost too.
    """
    early = promotes(champion[: rules.window], har[: rules.window], rules.horizon)
    ones = np.ones(rules.window)
    lost, whole = (np.convolve(x, ones, "valid") for x in (champion - har, champion))
    return early or bool((lost >= rules.minimum_effect * whole).any())


SCENARIOS: dict[str, tuple[Callable[[Market], Losses], int]] = {
    **{
        f"equal: {kind} differences": (lambda m, k=kind: artificial(m, k), 1)  # type: ignore[misc]
        for kind in ("normal", "t3", "autoregressive", "clustered")
    },
    "equal: errors of 5 %": (lambda m: equals(m, 0.05, 0.0), 1),
    "equal: errors of 10 %, persistent": (lambda m: equals(m, 0.1, 0.9), 1),
    "equal: errors of 20 %, persistent": (lambda m: equals(m, 0.2, 0.9), 1),
    "equal: errors of 20 %, for months": (lambda m: equals(m, 0.2, 0.98), 1),
    "equal: challenger always lower": (lambda m: levels(m, 0.1, rival_lower=True), 1),
    "equal: challenger always higher": (lambda m: levels(m, 0.1, rival_lower=False), 1),
    "equal: horizon 5": (lambda m: equals(m, 0.1, 0.9, 5), 5),
    "equal: horizon 22": (lambda m: equals(m, 0.1, 0.9, 22), 22),
    **{
        f"{gain:.0%} better, two indices": (lambda m, g=gain: better(m, m.outcomes(), g), 1)  # type: ignore[misc]
        for gain in (0.03, 0.05, 0.10, 0.15, 0.25)
    },
    **{
        f"equal: {name}, shadow of {shadow}": (
            lambda m, p=persistence, s=size, n=shadow: equals(m, s, p, shadow=n),  # type: ignore[misc]
            1,
        )
        for shadow in (500, 1000)
        for name, size, persistence in (("persistent", 0.1, 0.9), ("for months", 0.2, 0.98))
    },
    **{
        f"{gain:.0%} better, shadow of {shadow}": (
            lambda m, g=gain, n=shadow: better(m, m.outcomes(sessions=SESSIONS + n), g),  # type: ignore[misc]
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
    """Simulate every scenario, print the shares and write them where asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--histories", type=int, default=2_000)
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    arguments = parser.parse_args()
    market = Market(arguments.histories)
    narrow = Market(max(arguments.histories // 5, 1), seed=1)  # fifty times the memory
    figures: dict[str, dict[str, float]] = {}
    for name, (make, horizon) in SCENARIOS.items():
        losses = make(market)
        figures[name] = _shares(losses, horizon)
        _show(name, figures[name])
    for name, (gain, own) in WIDE.items():
        losses = better(narrow, narrow.wide(STOCKS), gain, own_errors=own)
        figures[name] = _shares(losses, 1)
        _show(name, figures[name])
    for name, gain in DEMOTIONS.items():
        figures[name] = {"demoted": demoted(market, gain)}
        _show(name, figures[name])
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")


def _shares(losses: Losses, horizon: int) -> dict[str, float]:
    return {
        "gain": float(1 - losses[1].mean() / losses[0].mean()),
        "noise": float((losses[0] - losses[1]).std()),
        "promoted": promoted(losses, horizon),
        "single_look": found_at_the_end(losses, horizon),
    }


def _show(name: str, shares: dict[str, float]) -> None:
    print(f"{name:<40}" + "  ".join(f"{key} {x:.3f}" for key, x in shares.items()), flush=True)


if __name__ == "__main__":
    main()
