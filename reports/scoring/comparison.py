"""Compares a rival's losses with an incumbent's, on sessions that neither was trained on."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from volcast.reports.scoring.e_process import log_wealth
from volcast.reports.scoring.inference import DieboldMariano, diebold_mariano
from volcast.reports.scoring.paired_sessions import read_gains

LOG_LARGEST = 300.0  # larger evidence is reported as e^300
EVIDENCE_SHOWN = 1e6  # larger evidence is not written in digits


@dataclass(frozen=True)
class GateRules:
    """The rules of the gate.

    Parameters
    ----------
    horizon
        Sessions ahead of the forecasts whose losses are compared.
    alpha
        The probability that an equal challenger is ever promoted; evidence of ``1 / alpha`` is
        needed.
    minimum_effect
        The smallest gain that counts, as a share of the incumbent's loss.
    window
        Number of sessions over which a champion must not lose to HAR.

    Raises
    ------
    ValueError
        A value is out of its range.
    """

    horizon: int = 1
    alpha: float = 0.05
    minimum_effect: float = 0.005
    window: int = 250

    def __post_init__(self) -> None:
        checks = (
            (self.horizon >= 1, "horizon must be at least 1", self.horizon),
            (0 < self.alpha < 1, "alpha must lie between 0 and 1", self.alpha),
            (0 <= self.minimum_effect < 1, "minimum_effect must be in [0, 1)", self.minimum_effect),
            (self.window >= 1, "window must be at least 1", self.window),
        )
        for holds, rule, value in checks:
            if not holds:
                raise ValueError(f"{rule}; it is {value}")


@dataclass(frozen=True)
class Comparison:
    """A rival compared with the incumbent on the same sessions.

    `gain` is the share of the incumbent's mean loss by which the rival's is lower, `evidence` the
    wealth of `volcast.reports.scoring.e_process` after the last session, `test` that of Diebold and
    Mariano for a single look (negative favours the rival), `unanswered` the number of rows that
    only the incumbent forecast. Losses and gain are NaN without sessions.
    """

    incumbent: str
    rival: str
    sessions: int
    first: pd.Timestamp | None
    last: pd.Timestamp | None
    incumbent_loss: float
    rival_loss: float
    gain: float
    evidence: float
    test: DieboldMariano
    unanswered: int

    def words(self, needed: float) -> str:
        """Return the comparison as a clause; `needed` is the evidence that decides."""
        if not self.sessions:
            return f"{self.rival} and {self.incumbent} cannot be compared on any session"
        parts = [
            f"over {self.sessions} sessions ({self.first:%Y-%m-%d} to {self.last:%Y-%m-%d}) "
            f"{self._difference} (mean QLIKE {self.rival_loss:.4f} against "
            f"{self.incumbent_loss:.4f})",
            f"evidence {_evidence(self.evidence)} ({needed:g} required)",
        ]
        if not math.isnan(self.test.statistic):
            parts.append(
                f"Diebold-Mariano t = {self.test.statistic:.2f} (p = {self.test.p_value:.3f}, "
                f"{self.test.degrees_of_freedom} degrees of freedom)"
            )
        return "; ".join(parts)

    @property
    def _difference(self) -> str:
        if self.gain == 0:
            return f"the loss of {self.rival} equals that of {self.incumbent}"
        side = "lower" if self.gain > 0 else "higher"
        share = f"{abs(self.gain):.1%} {side}"
        return f"the loss of {self.rival} was {share} than that of {self.incumbent}"


def compare(
    sessions: pd.DataFrame, incumbent: str, rival: str, rules: GateRules | None = None
) -> Comparison:
    """Compare a rival with an incumbent.

    Parameters
    ----------
    sessions
        What `pair_sessions` returns for the two models, time ascending, all of one horizon, of
        sessions after both were trained; `after_training` selects them.
    incumbent, rival
        The names of the two models.
    rules
        The defaults of `GateRules` when None; only the horizon is used.
    """
    rules = rules or GateRules()
    unanswered = int(sessions["unanswered"].sum())
    days = sessions[sessions["rival_loss"].notna()]
    if days.empty:
        nothing = DieboldMariano(math.nan, math.nan, math.nan, 0, 0)
        nan = math.nan
        return Comparison(incumbent, rival, 0, None, None, nan, nan, nan, 1.0, nothing, unanswered)
    losses = [days[name].to_numpy(np.float64) for name in ("incumbent_loss", "rival_loss")]
    before, after = (float(each.mean()) for each in losses)
    wealth = float(log_wealth(read_gains(days), rules.horizon)[-1])
    return Comparison(
        incumbent=incumbent,
        rival=rival,
        sessions=len(days),
        first=days["origin"].min(),
        last=days["origin"].max(),
        incumbent_loss=before,
        rival_loss=after,
        gain=1.0 - after / before if before > 0 else 0.0,
        evidence=math.exp(min(wealth, LOG_LARGEST)),
        test=diebold_mariano(losses[1] - losses[0], days["origin"], rules.horizon),
        unanswered=unanswered,
    )


def after_training(rows: pd.DataFrame, *trained_to: pd.Timestamp) -> pd.DataFrame:
    """Return the rows whose origin lies after the last session that any model was trained on.

    `trained_to` are the last sessions whose prices were used to train, stop or select the models;
    targets of origins up to there may have been among them.
    """
    return rows[rows["origin"] > max(trained_to)]


def last_window(rows: pd.DataFrame, rules: GateRules | None = None) -> pd.DataFrame:
    """Return the rows of the last `window` origins, on which a champion is compared with HAR."""
    origins = np.unique(rows["origin"].to_numpy())
    return rows[rows["origin"].isin(origins[-(rules or GateRules()).window :])]


def _evidence(wealth: float) -> str:
    """Return evidence in few digits: 0.3, 12, more than a million."""
    if wealth >= EVIDENCE_SHOWN:
        return "above a million"
    return f"{wealth:,.0f}" if wealth >= 10 else f"{wealth:.2g}"
