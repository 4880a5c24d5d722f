"""A job that is killed at any moment: the next call finishes it, and nothing is there twice."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest

from volcast.pipeline.home import Home
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.ledger.verify import verify

pytest.importorskip("mlflow", reason="the registry needs the extra `ops`")

FIRST, KILLS, SEED = 450, 20, 7
COLUMNS = ["origin", "ticker", "horizon", "model", "role", "variance", "lower", "upper"]


def job(home, small, period):
    words = ["replay", "--home", home, "--config", small, "--from", period[0], "--to", period[1]]
    return [sys.executable, "-m", "volcast", *map(str, words), "--quiet"]


def forecasts(home):
    with Ledger.to_read(Home(home).ledger) as ledger:
        verify(ledger)
        return ledger.table("forecasts")[COLUMNS]


@pytest.mark.slow
def test_twenty_kills_lose_nothing_and_write_nothing_twice(tmp_path, small, prices):
    """Each killed process has one more evening to do than the one before."""
    sessions = pd.to_datetime(pd.read_csv(prices)["date"].unique())
    days = [f"{day:%Y-%m-%d}" for day in sessions[FIRST : FIRST + KILLS]]
    subprocess.run(job(tmp_path / "whole", small, days[:1] * 2), check=True, capture_output=True)
    started = time.monotonic()
    subprocess.run(job(tmp_path / "whole", small, days[:2]), check=True, capture_output=True)
    alone = time.monotonic() - started
    rng = np.random.default_rng(SEED)
    killed = 0
    for day, share in zip(days, rng.uniform(0.4, 1.0, KILLS), strict=True):
        process = subprocess.Popen(
            job(tmp_path / "killed", small, (days[0], day)),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            process.wait(timeout=share * alone)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            killed += 1
    assert killed >= KILLS // 2, "most runs ended before they could be killed"
    for name in ("whole", "killed"):
        period = (days[0], days[-1])
        subprocess.run(job(tmp_path / name, small, period), check=True, capture_output=True)
    one, two = (forecasts(tmp_path / name) for name in ("whole", "killed"))
    pd.testing.assert_frame_equal(one, two)
    assert len(one) >= KILLS * 4
    assert not two.duplicated(["origin", "ticker", "horizon", "model"]).any()
