"""Retraining: when it is due, when it fails, and when it was interrupted."""

import pytest

from tests.pipeline.job.samples import FIRST, change_settings, interrupt, make_context
from volcast.pipeline.errors import DataError
from volcast.pipeline.home import Home
from volcast.pipeline.job.cycle import run_daily_cycle
from volcast.pipeline.job.steps import retrain
from volcast.pipeline.ledger.ledger import Ledger

pytest.importorskip("mlflow", reason="the registry needs the extra `ops`")


def test_a_call_interrupted_after_the_training_is_finished_by_the_next(
    tmp_path, config, market, monkeypatch
):
    """The version is registered, and nothing of it is in the ledger yet."""
    home = Home(tmp_path)
    with Ledger.to_write(home.ledger) as ledger:
        with monkeypatch.context() as patched:
            patched.setattr(retrain, "record_newest_training", interrupt)
            with pytest.raises(KeyboardInterrupt):
                run_daily_cycle(make_context(home, config, market, ledger))
        summary = run_daily_cycle(make_context(home, config, market, ledger))
        registered = ledger.table("decisions").query("action == 'registered'")
    assert summary.trained is None and summary.forecasts == 8
    assert (
        list(registered["subject"]) == ["network 2"]
        and "interrupted" in registered["reason"].iloc[0]
    )


def test_a_training_that_fails_stops_no_forecast(tmp_path, config, market, monkeypatch):
    def fail(*_):
        raise DataError("too little of everything")

    monkeypatch.setattr(retrain, "train_challenger", fail)
    home = Home(tmp_path)
    with Ledger.to_write(home.ledger) as ledger:
        summary = run_daily_cycle(make_context(home, config, market, ledger))
    assert summary.forecasts == 4 and summary.champion == "har 1"
    assert summary.notes == ("no challenger was trained: too little of everything",)


def test_a_damaged_network_is_replaced_in_the_next_run(promoted_home, config, market):
    with Ledger.to_write(promoted_home.ledger) as ledger:
        registry = make_context(promoted_home, config, market, ledger).registry_view.registry
        folder = registry.folder(registry.version(2))
        (folder / "forecast.json").write_text("{")
        summary = run_daily_cycle(make_context(promoted_home, config, market, ledger, FIRST + 1))
        reason = ledger.table("decisions").query("action == 'registered'")["reason"].iloc[-1]
        again = run_daily_cycle(make_context(promoted_home, config, market, ledger, FIRST + 1))
    assert summary.trained == "network 3" and summary.forecasts >= 4
    assert "the newest network cannot be loaded" in reason and again.trained is None


def find_reason(home, config, market, origin=FIRST + 1):
    with Ledger.to_write(home.ledger) as ledger:
        return retrain.find_retrain_reason(make_context(home, config, market, ledger, origin))


def test_a_challenger_is_due_without_a_network(tmp_path, config, market):
    assert find_reason(Home(tmp_path), config, market) == "there is no network yet"


def test_none_is_due_in_the_session_after_a_training(started_home, config, market):
    assert find_reason(started_home, config, market) is None


def test_a_challenger_is_due_when_the_settings_change(started_home, config, market):
    changed = change_settings(config, model={"seed": config.model.seed + 1})
    assert find_reason(started_home, changed, market) == "the settings have changed"


def test_a_challenger_is_due_every_so_many_sessions(started_home, config, market):
    every = config.job.retrain_every
    assert find_reason(started_home, config, market, FIRST + every - 1) is None
    assert find_reason(started_home, config, market, FIRST + every) == (
        f"{every} sessions have passed since the last training; it is due every {every}"
    )
