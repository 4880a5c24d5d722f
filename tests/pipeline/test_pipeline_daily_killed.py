"""A job that is killed at any moment: the next call finishes it, and nothing is there twice."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest

from pipeline.home import Home
from pipeline.ledger.ledger import Ledger
from pipeline.ledger.verification import verify

pytest.importorskip("mlflow", reason="the registry needs the extra `ops`")

KILLS, SEED = 20, 7
COLUMNS = ["origin", "ticker", "horizon", "model", "role", "variance", "lower", "upper"]


def job(home, small, period):
    words = ["replay", "--home", home, "--config", small, "--from", period[0], "--to", period[1]]
    return [sys.executable, "-m", "pipeline", *map(str, words), "--quiet"]


def forecasts(home):
    with Ledger.to_read(Home(home).ledger) as ledger:
        verify(ledger)
        return ledger.table("forecasts")[COLUMNS]


@pytest.mark.slow
def test_twenty_kills_lose_nothing_and_write_nothing_twice(tmp_path, small, prices):
    sessions = pd.to_datetime(pd.read_csv(prices)["date"].unique())
    period = [f"{sessions[at]:%Y-%m-%d}" for at in (450, 462)]
    started = time.monotonic()
    subprocess.run(job(tmp_path / "whole", small, period), check=True, capture_output=True)
    whole = time.monotonic() - started
    rng = np.random.default_rng(SEED)
    killed = 0
    for share in rng.uniform(0.2, 1.0, KILLS):
        process = subprocess.Popen(
            job(tmp_path / "killed", small, period),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            process.wait(timeout=share * whole)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            killed += 1
    assert killed >= KILLS // 2, "most runs ended before they could be killed"
    subprocess.run(job(tmp_path / "killed", small, period), check=True, capture_output=True)
    one, two = (forecasts(tmp_path / name) for name in ("whole", "killed"))
    pd.testing.assert_frame_equal(one, two)
    assert not two.duplicated(["origin", "ticker", "horizon", "model"]).any()
