"""The daily cycle: equal to the walk-forward, harmless to repeat, forecasting whatever fails."""

import datetime as dt
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.pipeline.job.samples import EVENINGS, EVERY, FIRST, SHADOW, make_context, table
from tests.pipeline.samples import volcast
from volcast.pipeline.backtest.walk_forward import build_folds, iter_folds
from volcast.pipeline.config.settings import Config
from volcast.pipeline.errors import ConfigError, DataError, LedgerError, StorageError
from volcast.pipeline.files import lock_folder
from volcast.pipeline.home import Home
from volcast.pipeline.job.cycle import run_evening
from volcast.pipeline.job.rebuild import rebuilder
from volcast.pipeline.job.replay import replay
from volcast.pipeline.job.run import run_job
from volcast.pipeline.job.steps import retrain
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.ledger.verify import verify
from volcast.pipeline.progress import Progress

pytest.importorskip("mlflow", reason="the registry needs the extra `ops`")

NOW = dt.datetime(2024, 6, 3, 12, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def days(market):
    sessions = market.panel.sessions
    return sessions[FIRST].date(), sessions[FIRST + EVENINGS - 1].date()


@pytest.fixture(scope="module")
def home(tmp_path_factory, config, market, days) -> Home:
    """A home after a replay; not to be changed."""
    home = Home(tmp_path_factory.mktemp("home"))
    assert len(list(replay(home, config, market, days, Progress()))) == EVENINGS
    return home


def test_one_forecast_goes_out_for_every_session_ticker_and_horizon(home, market, config):
    issued = table(home, "forecasts").query("role == 'champion'")
    cells = issued.groupby(["origin", "ticker", "horizon"]).size()
    assert (cells == 1).all()
    assert len(cells) == EVENINGS * len(market.panel.tickers) * len(config.target.horizons)
    assert issued["live"].all()


def test_the_ledger_is_the_walk_forward_of_the_same_settings(home, market, config, days):
    """Networks while they were the newest, and HAR, with their intervals, bit for bit."""
    from volcast.pipeline.backtest.evaluation import forecast_table

    split = {"test_start": days[0], "refit_every": EVERY}
    values = config.model_dump()
    values["split"] |= split
    values["baselines"] |= {"models": ["har"]}
    settings = Config.model_validate(values)
    folds = build_folds(market.panel, settings)[:3]
    results = iter_folds(market.panel, folds, settings, Progress())
    tables = pd.concat([result.forecasts for result in results], ignore_index=True)
    walked = forecast_table(tables, settings.report.interval)
    ledger = table(home, "forecasts")
    number = pd.to_numeric(ledger["model_version"], errors="coerce").fillna(-1)
    cell = ["origin", "ticker", "horizon", "model"]
    newest = number.groupby([ledger[name] for name in cell]).transform("max") == number
    merged = ledger[newest].merge(walked, on=cell, suffixes=("", "_walked"))
    assert len(merged) == EVENINGS * 2 * 2 * 2
    for name in ("variance", "lower", "upper"):
        np.testing.assert_array_equal(merged[name], merged[f"{name}_walked"])


def test_a_challenger_is_trained_when_due_and_every_evening_decides(home):
    decisions = table(home, "decisions")
    assert (decisions["action"] == "registered").sum() == 3
    gates = decisions[decisions["key"].str.startswith("gate ")]
    assert len(gates) == EVENINGS and gates["reason"].str.len().gt(10).all()


def test_the_shadow_period_is_the_walk_forward_before_the_first_evening(home, market, config):
    from volcast.pipeline.job.config_archive import recipe
    from volcast.pipeline.job.steps.shadow import shadow_losses
    from volcast.reports.scores import qlike

    with Ledger.to_read(home.ledger) as ledger:
        shadow = shadow_losses(ledger, recipe(config)).set_index("origin")
    sessions = market.panel.sessions
    assert list(shadow.index) == list(sessions[FIRST - SHADOW : FIRST])
    split = {"test_start": sessions[FIRST - SHADOW].date(), "refit_every": EVERY}
    values = config.model_dump()
    values["split"] |= split
    values["baselines"] |= {"models": ["har"]}
    settings = Config.model_validate(values)
    folds = build_folds(market.panel, settings)[: SHADOW // EVERY]
    tables = [result.forecasts for result in iter_folds(market.panel, folds, settings, Progress())]
    rows = pd.concat(tables).query("part == 'test' and horizon == 1")
    loss = rows.assign(loss=qlike(rows["realized"].to_numpy(), rows["variance"].to_numpy()))
    walked = loss.groupby(["model", "origin"])["loss"].mean()
    for name in ("network", "har"):
        np.testing.assert_allclose(shadow[name], walked[name], rtol=1e-12)


def test_only_a_first_evening_has_a_shadow(home):
    assert (table(home, "decisions")["action"] == "shadow").sum() == 1


def test_a_network_that_was_far_better_in_the_shadow_is_promoted_at_once(
    tmp_path, config, market, monkeypatch
):
    from volcast.pipeline.job.steps import shadow

    days = market.panel.sessions[FIRST - 200 : FIRST]
    losses = pd.DataFrame({"network": 0.3, "har": 0.6}, index=days)
    losses += np.random.default_rng(0).uniform(0, 0.1, losses.shape)
    monkeypatch.setattr(shadow, "_losses", lambda *_: losses)
    home = Home(tmp_path)
    with Ledger.to_write(home.ledger) as ledger:
        summary = run_evening(make_context(home, config, market, ledger))
        issued = ledger.issued(market.panel.sessions[FIRST].date())
    assert summary.champion == "network 2" and set(issued["model"]) == {"network"}
    assert "over 200 sessions" in summary.decision


def test_a_second_replay_changes_nothing(home, config, market, days):
    with Ledger.to_read(home.ledger) as ledger:
        before = ledger.head()
    summaries = list(replay(home, config, market, days, Progress()))
    with Ledger.to_read(home.ledger) as ledger:
        assert ledger.head() == before
    assert {s.forecasts for s in summaries} == {0} and not any(s.trained for s in summaries)


def test_a_period_without_sessions_is_told(tmp_path, config, market, days):
    with pytest.raises(ConfigError, match=r"no session lies from .*; the prices reach from 2016"):
        next(replay(Home(tmp_path), config, market, (days[1], days[0]), Progress()))


def test_a_replay_leaves_the_report_of_its_last_evening(home, days):
    page = (home.reports / str(days[1]) / "report.html").read_text()
    assert "Scores of the replay" in page and page.count("<svg") == 2
    assert f'href="{days[1]}/report.html"' in (home.reports / "index.html").read_text()


def test_outcomes_are_joined_when_they_are_known_and_not_before(home):
    scored = table(home, "scored")
    known = scored[scored["outcome_rows"] > 0]
    last = scored["origin"].max()
    assert (known["target_end"] <= last).all() and len(known) > 100
    assert (scored[scored["target_end"] <= last]["outcome_rows"] == 1).all()
    assert (known["outcome_written_at"] > known["written_at"]).all()


def test_past_forecasts_come_out_again_from_the_bars_of_their_day(home):
    """The bars are read up to the day: what came later has no part in them."""
    with Ledger.to_read(home.ledger) as ledger:
        proof = verify(ledger, rebuild=rebuilder(home), newest=60)
    assert proof.rebuilt == 60


def test_other_bars_than_those_of_then_are_told(home, small, tmp_path):
    (settings,) = home.settings.glob("*.toml")
    text = settings.read_text()
    prices = next(line.split('"')[1] for line in text.splitlines() if line.startswith("path ="))
    bars = pd.read_csv(prices)
    bars.loc[5, "close"] *= 1.001
    bars.to_csv(tmp_path / "prices.csv", index=False)
    other = tmp_path / "home"
    shutil.copytree(home.folder, other)
    (other / "settings" / settings.name).write_text(
        text.replace(prices, str(tmp_path / "prices.csv"))
    )
    with Ledger.to_read(Home(other).ledger) as ledger:
        row = next(iter(r for r in ledger.forecast_rows() if r.ticker == bars["ticker"][5]))
    with pytest.raises(LedgerError, match="are not those that the forecast was made from"):
        rebuilder(Home(other))(row)


def killed(*_):
    raise KeyboardInterrupt


def test_a_call_cut_off_after_the_training_is_finished_by_the_next(
    tmp_path, config, market, monkeypatch
):
    """The version is registered, and nothing of it is in the ledger yet."""
    home = Home(tmp_path)
    with Ledger.to_write(home.ledger) as ledger:
        with monkeypatch.context() as patched:
            patched.setattr(retrain, "tell_of_newest", killed)
            with pytest.raises(KeyboardInterrupt):
                run_evening(make_context(home, config, market, ledger))
        summary = run_evening(make_context(home, config, market, ledger))
        told = ledger.table("decisions").query("action == 'registered'")
    assert summary.trained is None and summary.forecasts == 8
    assert list(told["subject"]) == ["network 2"] and "cut off" in told["reason"].iloc[0]


def test_a_home_that_moved_goes_on_as_it_was(home, config, market, days, tmp_path):
    """Where bars are stored is no setting that a model depends on."""
    moved = Home(shutil.copytree(home.folder, tmp_path / "moved"))
    data = config.data.model_copy(update={"dir": str(moved.bars), "rate": 9.0})
    with Ledger.to_write(moved.ledger) as ledger:
        before = ledger.head()
        settings = config.model_copy(update={"data": data})
        summary = run_evening(make_context(moved, settings, market, ledger, FIRST + EVENINGS - 1))
        assert ledger.head() == before
    assert summary.trained is None and summary.forecasts == 0


def test_two_jobs_do_not_work_in_one_home(tmp_path, config):
    with (
        lock_folder(tmp_path),
        pytest.raises(StorageError, match="in use by another volcast process"),
    ):
        run_job(Home(tmp_path), config, clock=lambda: NOW, progress=Progress())


def test_a_training_that_fails_stops_no_forecast(tmp_path, config, market, monkeypatch):
    def fails(*_):
        raise DataError("too little of everything")

    monkeypatch.setattr(retrain, "train", fails)
    home = Home(tmp_path)
    with Ledger.to_write(home.ledger) as ledger:
        summary = run_evening(make_context(home, config, market, ledger))
    assert summary.forecasts == 4 and summary.champion == "har 1"
    assert summary.notes == ("no challenger was trained: too little of everything",)


def test_a_challenger_of_nan_is_never_promoted_and_stops_no_forecast(
    tmp_path, config, market, monkeypatch
):
    good = retrain.train

    def ruined(*arguments):
        challenger = good(*arguments)
        network = challenger.model.regressor.network_
        for variable in network.trainable_variables:
            variable.assign(variable * np.nan)
        return challenger

    monkeypatch.setattr(retrain, "train", ruined)
    home = Home(tmp_path)
    with Ledger.to_write(home.ledger) as ledger:
        for origin in range(FIRST, FIRST + 4):
            summary = run_evening(make_context(home, config, market, ledger, origin))
            assert summary.champion == "har 1"
        issued = ledger.table("forecasts").query("role == 'champion'")
        assert len(issued) == 4 * 2 * 2 and not issued["fallback"].any()
    assert "gave no usable forecast" in summary.decision


def test_a_damaged_registry_stops_no_forecast_of_the_champion(tmp_path, config, market):
    home = Home(tmp_path)
    with Ledger.to_write(home.ledger) as ledger:
        first = make_context(home, config, market, ledger)
        run_evening(first)
        first.registry_view.registry.apply(first.registry_view.registry.promotion(2))
        home.registry.write_bytes(b"not a database" * 100)
        summary = run_evening(make_context(home, config, market, ledger, FIRST + 1))
        issued = ledger.issued(market.panel.sessions[FIRST + 1].date())
    assert summary.champion == "network 2" and set(issued["model"]) == {"network"}
    assert "the registry cannot be read" in summary.notes[0]


def test_a_ticker_that_dies_is_told_and_the_others_are_forecast(tmp_path, config, market):
    panel = market.panel
    variance, x = panel.variance.copy(), panel.x.copy()
    variance[FIRST - 2 :, 1], x[FIRST - 2 :, 1] = np.nan, np.nan
    dying = replace(market, panel=replace(panel, variance=variance, x=x))
    home = Home(tmp_path)
    with Ledger.to_write(home.ledger) as ledger:
        summary = run_evening(make_context(home, config, dying, ledger))
        issued = ledger.issued(panel.sessions[FIRST].date())
    assert set(issued["ticker"]) == {panel.tickers[0]}
    assert [(a.name, a.subject) for a in summary.raised] == [("missing ticker", panel.tickers[1])]


def test_a_clock_that_went_back_writes_nothing_into_the_past(tmp_path, config, market):
    home = Home(tmp_path)
    with Ledger.to_write(home.ledger) as ledger:
        run_evening(make_context(home, config, market, ledger))
        late = make_context(home, config, market, ledger, FIRST + 1)
        earlier = late.now - dt.timedelta(days=400)
        run_evening(replace(late, clock=lambda: earlier))
        written = ledger.table("forecasts").sort_values("seq")["written_at"]
        assert written.is_monotonic_increasing
        verify(ledger)


def test_the_command_prints_one_line_and_is_idempotent(tmp_path, small):
    said = [
        volcast("retrain", "--home", tmp_path, "--config", small, "--quiet", *more)
        for more in (["--if-due"], [])
    ]
    assert [answer.code for answer in said] == [3, 3]  # prices of 2018 are stale
    assert all(answer.out.count("\n") == 1 for answer in said)
    assert "8 new forecasts" in said[0].out and "trained network 2" in said[0].out
    assert "0 new forecasts" in said[1].out and "nothing trained; " in said[1].out
    assert "1 new" in said[0].out and "0 new" in said[1].out.split("alert")[1]
    assert len(list((tmp_path / "reports").glob("*/report.html"))) == 1
    assert 'href="20' in (tmp_path / "reports" / "index.html").read_text()
