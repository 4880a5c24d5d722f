"""Made-up prices, small settings, and the command line called in this process."""

from __future__ import annotations

import contextlib
import io
import sys
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pandas as pd

from volcast.pipeline.cli.main import main
from volcast.pipeline.data.calendars.sessions import following_sessions

SESSIONS = 700
STEPS_A_DAY = 12

SMALL = """
[target]
horizons = [1, 5]
[split]
train_sessions = 300
[model]
epochs = 3
members = 1
pretrained = "none"
[baselines]
models = ["har", "ewma"]
"""

# On the embedded S&P 500: enough for two folds of every model that is asked for, in seconds.
TINY = """
[data]
tickers = ["^GSPC"]
start = "2003-01-01"
end = "2008-03-31"
[split]
test_start = "2008-01-01"
refit_every = 40
[features]
select = ["har_1", "har_5", "har_22", "z"]
[model]
members = 1
epochs = 2
pretrained = "none"
[baselines]
models = ["har"]
"""


def make_prices(
    ticker: str = "AAA", seed: int = 0, sessions: int = SESSIONS, calendar: str = "XNYS"
) -> pd.DataFrame:
    """Daily bars of a walk whose log variance is a slow AR(1); every day has a range."""
    rng = np.random.default_rng([seed, sessions])
    log_variance = np.empty(sessions)
    level = np.log(1e-4)
    log_variance[0] = level
    for t in range(1, sessions):
        log_variance[t] = level + 0.97 * (log_variance[t - 1] - level) + rng.normal(0, 0.2)
    deviation = np.exp(log_variance / 2)[:, None] / np.sqrt(STEPS_A_DAY)
    steps = rng.normal(0, 1, (sessions, STEPS_A_DAY)) * deviation
    path = np.log(100) + np.cumsum(steps.ravel()).reshape(steps.shape)
    prices = np.exp(path).round(6)
    return pd.DataFrame(
        {
            "date": following_sessions(calendar, pd.Timestamp("2016-01-04"), sessions),
            "ticker": ticker,
            "open": prices[:, 0],
            "high": prices.max(axis=1),
            "low": prices.min(axis=1),
            "close": prices[:, -1],
            "volume": rng.integers(1_000, 9_000, sessions),
        }
    )


def two_tickers() -> pd.DataFrame:
    return pd.concat([make_prices("AAA", 1), make_prices("BBB", 2)], ignore_index=True)


def write_csv(path: Path, *frames: pd.DataFrame) -> Path:
    pd.concat(frames).to_csv(path, index=False)
    return path


def write_config(path: Path, more: str = "") -> Path:
    """The small settings; a section of `more` takes the place of the one of its name."""
    sections = {part.split("]")[0]: part for part in (SMALL + more).split("\n[")[1:]}
    path.write_text("\n".join(f"[{part.strip()}" for part in sections.values()), encoding="utf-8")
    return path


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str

    @property
    def complaint(self) -> str:
        """The error message, which must be a single line of standard error without a traceback."""
        lines = [line for line in self.err.splitlines() if line.startswith("volcast: ")]
        assert self.code == 1, (self.code, self.err)
        assert len(lines) == 1 and self.err.endswith(lines[0] + "\n"), self.err
        assert "Traceback" not in self.err
        return lines[0].removeprefix("volcast: ")


def volcast(*arguments: object) -> Answer:
    """Run a command in this process."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    with (
        patch.object(sys, "argv", ["volcast", *map(str, arguments)]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as done:
            code = int(done.code or 0)
    return Answer(code, out.getvalue(), err.getvalue())
