"""The replay: equal to the walk-forward, harmless to repeat or to kill."""

import datetime as dt
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest

from tests.pipeline.job.samples import EVERY, FIRST, RUNS, read_table
from volcast.pipeline.backtest.folds import build_folds
from volcast.pipeline.backtest.walk_forward import iter_folds
from volcast.pipeline.config.settings import Config
from volcast.pipeline.errors import ConfigError
from volcast.pipeline.home import Home
from volcast.pipeline.job.replay import find_settling_time, replay
from volcast.pipeline.ledger.head_file import check_head
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.ledger.verify import verify
from volcast.pipeline.progress import Progress

pytest.importorskip("mlflow", reason="the registry needs the extra `ops`")

KILLS, SEED = 20, 7
COLUMNS = ["origin", "ticker", "horizon", "model", "role", "variance", "lower", "upper"]


def test_one_forecast_is_issued_for_every_session_ticker_and_horizon(replayed_home, market, config):
    issued = read_table(replayed_home, "forecasts").query("role == 'champion'")
    cells = issued.groupby(["origin", "ticker", "horizon"]).size()
    assert (cells == 1).all()
    assert len(cells) == RUNS * len(market.panel.tickers) * len(config.target.horizons)
    assert issued["live"].all()


def test_the_ledger_is_the_walk_forward_of_the_same_settings(replayed_home, market, config, period):
    """Networks while they were the newest, and HAR, bit for bit, and their intervals."""
    from volcast.pipeline.backtest.evaluation import (
        add_returns,
        build_forecast_table,
        calibrate_level,
    )

    split = {"test_start": period[0], "refit_every": EVERY}
    values = config.model_dump()
    values["split"] |= split
    values["baselines"] |= {"models": ["har"]}
    settings = Config.model_validate(values)
    folds = build_folds(market.panel, settings)[:3]
    results = iter_folds(market.panel, folds, settings, Progress())
    tables = pd.concat([result.forecasts for result in results], ignore_index=True)
    calibrated = calibrate_level(add_returns(tables, market.panel))
    walked = build_forecast_table(calibrated, settings.report.interval)
    ledger = read_table(replayed_home, "forecasts")
    number = pd.to_numeric(ledger["model_version"], errors="coerce").fillna(-1)
    cell = ["origin", "ticker", "horizon", "model"]
    newest = number.groupby([ledger[name] for name in cell]).transform("max") == number
    merged = ledger[newest].merge(walked, on=cell, suffixes=("", "_walked"))
    assert len(merged) == RUNS * 2 * 2 * 2
    np.testing.assert_array_equal(merged["variance"], merged["variance_walked"])
    for name in ("lower", "upper"):  # errors before and after the level factor differ by rounding
        np.testing.assert_allclose(merged[name], merged[f"{name}_walked"], rtol=1e-13)


def test_a_second_replay_changes_nothing(replayed_home, config, market, period):
    with Ledger.to_read(replayed_home.ledger) as ledger:
        before = ledger.head()
    summaries = list(replay(replayed_home, config, market, period, Progress()))
    with Ledger.to_read(replayed_home.ledger) as ledger:
        assert ledger.head() == before
    assert {s.forecasts for s in summaries} == {0} and not any(s.trained for s in summaries)


def test_a_period_without_sessions_is_an_error(tmp_path, config, market, period):
    with pytest.raises(ConfigError, match=r"there is no session from .*; the prices cover 2016"):
        next(replay(Home(tmp_path), config, market, (period[1], period[0]), Progress()))


def test_a_replay_writes_the_report_of_its_last_run(replayed_home, period):
    page = (replayed_home.reports / str(period[1]) / "report.html").read_text()
    assert "Scores of the replay" in page and page.count("<svg") == 2
    assert f'href="{period[1]}/report.html"' in (replayed_home.reports / "index.html").read_text()


def test_a_replay_stores_its_last_row_in_head_json(replayed_home):
    with Ledger.to_read(replayed_home.ledger) as ledger:
        assert check_head(replayed_home) == ledger.head()


def test_a_day_on_which_all_exchanges_are_closed_settles_when_it_ends():
    saturday = pd.Timestamp("2018-01-06")
    assert find_settling_time(saturday, ["XNYS"]) > dt.datetime(2018, 1, 7, 4, tzinfo=dt.UTC)


def replay_command(home, small, period):
    words = ["replay", "--home", home, "--config", small, "--from", period[0], "--to", period[1]]
    return [sys.executable, "-m", "volcast", *map(str, words), "--quiet"]


def run_replay(home, small, period):
    subprocess.run(replay_command(home, small, period), check=True, capture_output=True)


def read_forecasts(home):
    with Ledger.to_read(Home(home).ledger) as ledger:
        verify(ledger)
        return ledger.table("forecasts")[COLUMNS]


@pytest.mark.slow
def test_twenty_kills_lose_nothing_and_write_nothing_twice(tmp_path, small, prices):
    """Each killed process has one more run to do than the one before."""
    sessions = pd.to_datetime(pd.read_csv(prices)["date"].unique())
    days = [f"{day:%Y-%m-%d}" for day in sessions[FIRST : FIRST + KILLS]]
    run_replay(tmp_path / "whole", small, days[:1] * 2)
    started = time.monotonic()
    run_replay(tmp_path / "whole", small, days[:2])
    one_run = time.monotonic() - started
    rng = np.random.default_rng(SEED)
    killed = 0
    for day, share in zip(days, rng.uniform(0.4, 1.0, KILLS), strict=True):
        process = subprocess.Popen(
            replay_command(tmp_path / "killed", small, (days[0], day)),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            process.wait(timeout=share * one_run)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            killed += 1
    assert killed >= KILLS // 2, "most runs ended before they could be killed"
    for name in ("whole", "killed"):
        run_replay(tmp_path / name, small, (days[0], days[-1]))
    one, two = (read_forecasts(tmp_path / name) for name in ("whole", "killed"))
    pd.testing.assert_frame_equal(one, two)
    assert len(one) >= KILLS * 4
    assert not two.duplicated(["origin", "ticker", "horizon", "model"]).any()
