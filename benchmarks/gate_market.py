"""Simulated outcomes and forecasts on which the benchmarks ask the gate.

Outcomes are the surprises of the embedded indices (variance of a day over log-HAR's forecast),
drawn in blocks of 20 sessions; forecasts differ from the truth by errors of a given kind.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.signal import lfilter

from benchmarks.development import build_embedded_panel
from volcast.models.regressor.anchor import LogLinear
from volcast.pipeline.config.settings import Config
from volcast.reports.scoring.comparison import GateRules
from volcast.reports.scoring.e_process import SplitGains, log_wealth, split_gains
from volcast.reports.scoring.inference import Floats
from volcast.reports.scoring.scored_rows import qlike

SESSIONS, BLOCK = 250, 20
RULES = GateRules()


@dataclass(frozen=True)
class Record:
    """What the gate sees of many histories: gains of the rival and losses of the incumbent.

    All are means over the tickers, shape (histories, sessions).
    """

    gains: SplitGains
    incumbent_loss: Floats

    @property
    def gain(self) -> Floats:
        """The loss of the incumbent less the loss of the rival."""
        return self.gains.higher + self.gains.lower

    def find_promotions(
        self, horizon: int = 1, shadow: int = 0, wealth: Floats | None = None
    ) -> NDArray[np.intp]:
        """Return the number of sessions after which `gate.decide` promotes, -1 if it never does.

        The gate is asked after each session from the last one of the shadow period on, shape
        (histories,). `wealth` replaces the log wealth of the gate.
        """
        logs = log_wealth(self.gains, horizon) if wealth is None else wealth
        saved = np.cumsum(self.gain, axis=1)
        enough = saved >= RULES.minimum_effect * np.cumsum(self.incumbent_loss, axis=1)
        promoted = (enough & (saved > 0) & (logs >= -np.log(RULES.alpha)))[:, max(shadow - 1, 0) :]
        after = promoted.argmax(axis=1) + (shadow == 0)
        return np.where(promoted.any(axis=1), after, -1)


def build_record(outcome: Floats, incumbent: Floats | float, rival: Floats | float) -> Record:
    """Return the record of two models by their log errors; outcomes (histories, sessions, N)."""
    a, b = (np.exp(error) * np.ones_like(outcome) for error in (incumbent, rival))
    cells = split_gains(outcome, a, b)
    means = (
        each.mean(axis=2)
        for each in (cells.higher, cells.lower, cells.worst_higher, cells.worst_lower)
    )
    return Record(SplitGains(*means), qlike(outcome, a).mean(axis=2))


class Market:
    """Histories of surprises: outcomes relative to a perfect forecast, mean one."""

    def __init__(self, histories: int, seed: int = 0) -> None:
        panel = build_embedded_panel(Config(), None)
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
        return average_ahead(self.draw_days(sessions + horizon - 1), horizon)

    def draw_days(self, sessions: int) -> Floats:
        """Return surprises of single sessions, (histories, sessions, tickers)."""
        blocks = (sessions - 1) // BLOCK + 1
        starts = self.rng.integers(0, len(self.surprise) - BLOCK, (self.histories, blocks))
        rows = (starts[:, :, None] + np.arange(BLOCK)).reshape(self.histories, -1)[:, :sessions]
        return np.asarray(self.surprise[rows])

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

    def find_error_size(self, outcome: Floats, gain: float) -> float:
        """Return the size of log errors without which a model is better by the share `gain`."""
        exact = float(np.mean(qlike(outcome, np.ones_like(outcome))))
        return float(np.sqrt(2 * exact * gain / (1 - gain)))


def average_ahead(days: Floats, horizon: int) -> Floats:
    """Return the means over `horizon` sessions along the second axis."""
    sums = np.cumsum(days, axis=1)
    sums = np.concatenate([np.zeros_like(sums[:, :1]), sums], axis=1)
    return np.asarray((sums[:, horizon:] - sums[:, :-horizon]) / horizon)
