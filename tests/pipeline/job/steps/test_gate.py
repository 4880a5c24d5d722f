"""The gate on the ledger's forecasts: what counts as evidence, and for whom."""

import datetime as dt
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from tests.pipeline.job.samples import FIRST, change_settings, make_context
from volcast.pipeline.home import Home
from volcast.pipeline.job import config_archive
from volcast.pipeline.job.cycle import run_daily_cycle
from volcast.pipeline.job.steps import retrain
from volcast.pipeline.job.steps.gate import (
    CHALLENGER,
    CHAMPION,
    HAR,
    _build_forecasts,
    _select_challenged_origins,
    evaluate_gate,
)
from volcast.pipeline.ledger.ledger import Ledger

pytest.importorskip("mlflow", reason="the registry needs the extra `ops`")


def test_a_network_far_better_in_the_shadow_period_is_promoted_at_once(
    home, config, market, ledger, far_better
):
    summary = run_daily_cycle(make_context(home, config, market, ledger))
    issued = ledger.issued(market.panel.sessions[FIRST].date())
    assert summary.champion == "network 2" and set(issued["model"]) == {"network"}
    assert "over 200 sessions" in summary.decision


def test_a_challenger_of_nan_is_never_promoted_and_stops_no_forecast(
    tmp_path, config, market, monkeypatch
):
    train = retrain.train_challenger

    def train_to_nan(*arguments):
        challenger = train(*arguments)
        for weights in challenger.model.network.regressor.numpy_network_.weights:
            weights[:] = np.nan
        return challenger

    monkeypatch.setattr(retrain, "train_challenger", train_to_nan)
    home = Home(tmp_path)
    with Ledger.to_write(home.ledger) as ledger:
        for origin in range(FIRST, FIRST + 4):
            summary = run_daily_cycle(make_context(home, config, market, ledger, origin))
            assert summary.champion == "har 1"
        issued = ledger.table("forecasts").query("role == 'champion'")
        assert len(issued) == 4 * 2 * 2 and not issued["fallback"].any()
    assert "gave no usable forecast" in summary.decision


def test_a_champion_without_forecasts_is_compared_by_those_issued_instead(
    promoted_home, config, market
):
    """Otherwise a champion that can no longer forecast would stay champion for ever."""
    with Ledger.to_write(promoted_home.ledger) as ledger:
        context = make_context(promoted_home, config, market, ledger)
        version = context.registry_view.champion
        for file in context.registry_view.registry.folder(version).rglob("*.json"):
            file.write_text("{}")
        for origin in range(FIRST + 1, FIRST + 5):
            summary = run_daily_cycle(make_context(promoted_home, config, market, ledger, origin))
        last = make_context(promoted_home, config, market, ledger, FIRST + 4)
        result = evaluate_gate(ledger, last.registry_view, config.job, last.day)
        issued = ledger.issued(last.day.date())
    assert summary.champion == "network 2" and set(issued["model"]) == {"har"}
    assert "network 2 produced no forecast" in summary.notes[0]
    assert [alert.subject for alert in summary.open_alerts] == ["champion"]
    challenge = result.numbers["challenge"]
    assert challenge["incumbent"] == CHAMPION and challenge["sessions"] == 2
    against = result.numbers["against_har"]
    assert against["rival"] == HAR and against["gain"] == pytest.approx(0, abs=0.5)


def test_a_run_without_registry_does_not_exclude_challengers_for_ever(home, config, market, ledger):
    run_daily_cycle(make_context(home, config, market, ledger))
    good = home.registry.read_bytes()
    home.registry.write_bytes(b"not a database" * 100)
    without = run_daily_cycle(make_context(home, config, market, ledger, FIRST + 1))
    assert [alert.subject for alert in without.raised] == ["registry"]
    home.registry.write_bytes(good)
    for origin in range(FIRST + 2, FIRST + 5):
        after = run_daily_cycle(make_context(home, config, market, ledger, origin))
    assert "no usable forecast" not in after.decision and "over 39 sessions" in after.decision
    assert not after.open_alerts


def test_evidence_for_other_settings_does_not_count(home, config, market, ledger, far_better):
    demanding = change_settings(config, job={"minimum_effect": 0.6})
    assert run_daily_cycle(make_context(home, demanding, market, ledger)).champion == "har 1"
    other = change_settings(
        config, model={"learning_rate": 0.5, "blend": 0.0}, job={"shadow_sessions": 0}
    )
    summary = run_daily_cycle(make_context(home, other, market, ledger, FIRST + 1))
    assert summary.trained == "network 3" and summary.champion == "har 1"
    assert (
        "there are no sessions to compare yet; the challenger and the champion cannot"
        in summary.decision
    )


def test_other_bars_leave_the_evidence_as_it_is(home, config, market, ledger, far_better):
    demanding = change_settings(config, job={"minimum_effect": 0.6})
    run_daily_cycle(make_context(home, demanding, market, ledger))
    other = change_settings(config, data={"start": dt.date(2016, 1, 4)})
    assert config_archive.hash_recipe(other) == config_archive.hash_recipe(config)
    summary = run_daily_cycle(make_context(home, other, market, ledger, FIRST + 1))
    assert summary.trained == "network 3" and "over 200 sessions" in summary.decision


def test_an_origin_counts_in_the_run_after_its_targets_ended(home, config, market, ledger):
    quiet = change_settings(config, job={"shadow_sessions": 0})
    for origin in range(FIRST, FIRST + 4):
        run_daily_cycle(make_context(home, quiet, market, ledger, origin))
    context = make_context(home, quiet, market, ledger, FIRST + 3)
    result = evaluate_gate(ledger, context.registry_view, quiet.job, context.day)
    assert result.numbers["challenge"]["rival"] == CHALLENGER
    assert result.numbers["challenge"]["last"] == str(market.panel.sessions[FIRST + 1].date())


def test_sessions_of_another_recipes_challenger_do_not_count_again():
    """Network 3 of the newest's recipe, then 4 of another, a day without any, then 5."""
    days = pd.bdate_range("2018-01-02", periods=4)
    har = pd.DataFrame({"origin": days, "model": "har", "model_version": "1", "variance": 1.0})
    numbers = pd.DataFrame(
        {"origin": days[[0, 1, 3]], "model": "network", "model_version": ["3", "4", "5"]}
    )
    rows = pd.concat([har, numbers.assign(variance=2.0)], ignore_index=True)
    rows = rows.assign(ticker="A", realized=1.0, fallback=False)
    champion = SimpleNamespace(model="har", number=1)
    view = SimpleNamespace(
        champion=champion, newest=SimpleNamespace(number=5), challenger_numbers={"3", "5"}
    )
    challenged = _select_challenged_origins(_build_forecasts(rows, view)).set_index("origin")
    assert challenged[CHALLENGER].to_dict() == {days[0]: 2.0, days[2]: 1.0, days[3]: 2.0}
