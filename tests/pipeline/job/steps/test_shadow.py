"""Shadow periods: walk-forwards over past sessions, each of which serves once."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.pipeline.job.samples import (
    EVERY,
    FIRST,
    SHADOW,
    change_settings,
    make_context,
    promote_manually,
    read_table,
)
from volcast.pipeline.backtest.folds import build_folds
from volcast.pipeline.backtest.walk_forward import iter_folds
from volcast.pipeline.cluster.local_processes import ProcessExecutor
from volcast.pipeline.errors import ClusterError, DataError
from volcast.pipeline.job.config_archive import hash_recipe
from volcast.pipeline.job.cycle import run_daily_cycle
from volcast.pipeline.job.shadow_forecasts import forecast_block
from volcast.pipeline.job.steps import shadow
from volcast.pipeline.job.steps.shadow import read_shadow_losses, read_shadow_sessions
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.progress import Progress
from volcast.reports.scoring.scored_rows import qlike

pytest.importorskip("mlflow", reason="the registry needs the extra `ops`")


def walk_forward_losses(market, config, first):
    """Return QLIKE by model and origin of a walk-forward over as many sessions as a shadow has."""
    split = {"test_start": market.panel.sessions[first].date(), "refit_every": EVERY}
    settings = change_settings(config, split=split, baselines={"models": ["har"]})
    folds = build_folds(market.panel, settings)[: SHADOW // EVERY]
    tables = [result.forecasts for result in iter_folds(market.panel, folds, settings, Progress())]
    rows = pd.concat(tables).query("part == 'test' and horizon == 1")
    loss = rows.assign(loss=qlike(rows["realized"].to_numpy(), rows["variance"].to_numpy()))
    return loss.groupby(["model", "origin"])["loss"].mean()


def read_shadows(ledger):
    """Return the numbers of all shadow periods, the oldest first."""
    return [each.numbers for each in ledger.decisions("shadow")][::-1]


def forecast_without_training(contestants, period, horizon, progress, executor):
    """Return forecasts of one ticker in which the last model is better."""
    if period.start >= period.stop:
        raise DataError("no session is left")
    incumbent, rival = contestants
    origins = contestants[rival].panel.sessions[period]
    return pd.DataFrame(
        {"origin": origins, "ticker": "AAA", "realized": 1.0, incumbent: 0.9, rival: 0.95}
    )


@pytest.fixture
def untrained(monkeypatch):
    """Shadow periods without the time of their trainings."""
    monkeypatch.setattr(shadow, "forecast_shadow_period", forecast_without_training)


def test_the_shadow_period_is_the_walk_forward_before_the_first_run(replayed_home, market, config):
    with Ledger.to_read(replayed_home.ledger) as ledger:
        shadow = read_shadow_losses(ledger, hash_recipe(config)).set_index("origin")
    sessions = market.panel.sessions
    assert list(shadow.index) == list(sessions[FIRST - SHADOW : FIRST])
    walked = walk_forward_losses(market, config, FIRST - SHADOW)
    for name in ("network", "har"):
        np.testing.assert_allclose(shadow[name], walked[name], rtol=1e-12)


@pytest.mark.slow
def test_processes_compute_the_same_shadow_period(home, config, market, ledger, replayed_home):
    context = replace(make_context(home, config, market, ledger), executor=ProcessExecutor(2))
    run_daily_cycle(context)
    with Ledger.to_read(replayed_home.ledger) as alone:
        assert read_shadows(ledger) == read_shadows(alone) != []


def test_a_node_with_other_pretrained_networks_computes_nothing(config, market):
    given = {"config": config, "model": "network", "horizon": 1, "known": {"1999-12": "0"}}
    with pytest.raises(ClusterError, match="copy the same ones to every node"):
        forecast_block(market.panel, (FIRST, FIRST + EVERY), Progress(), **given)


def test_another_recipe_meets_the_champions_on_the_sessions_before_those_already_used(
    promoted_home, config, market
):
    other = change_settings(config, model={"blend": 0.0})
    with Ledger.to_write(promoted_home.ledger) as ledger:
        summary = run_daily_cycle(make_context(promoted_home, other, market, ledger, FIRST + 1))
        first, second = read_shadows(ledger)
    sessions = market.panel.sessions
    assert summary.trained == "network 3" and second["against"] == "network 2"
    assert pd.DatetimeIndex(second["origins"]).equals(sessions[FIRST - 2 * SHADOW : FIRST - SHADOW])
    assert f"over {SHADOW} sessions" in summary.decision
    for recipe, name in ((config, "champion"), (other, "network")):
        walked = walk_forward_losses(market, recipe, FIRST - 2 * SHADOW)["network"]
        np.testing.assert_allclose(second[name], walked, rtol=1e-12)
    assert "har" not in second and "champion" not in first


def test_no_session_serves_as_evidence_twice(home, config, market, ledger, untrained):
    """Three recipes use up the newer half of the history; nothing is left for a fourth."""
    summaries = []
    for number in range(4):
        recipe = change_settings(
            config,
            model={"learning_rate": 0.001 * (1 + number), "epochs": 1},
            job={"shadow_sessions": 100, "minimum_effect": 0.9},
        )
        context = make_context(home, recipe, market, ledger, FIRST + number)
        summaries.append(run_daily_cycle(context))
    shadows = read_shadows(ledger)
    used = [origin for each in shadows for origin in each["origins"]]
    assert [len(each["origins"]) for each in shadows] == [100, 100, 25]
    assert len(set(used)) == len(used)
    assert min(used) == str(market.panel.sessions[FIRST // 2].date())
    assert max(used) < str(ledger.table("forecasts")["origin"].min().date())
    assert "over 25 sessions" in summaries[2].decision
    assert "there are no sessions to compare yet" in summaries[3].decision


def test_a_shadow_period_ends_with_the_reign_in_which_it_was_written(
    promoted_home, config, market, untrained
):
    other = change_settings(config, model={"blend": 0.0}, job={"minimum_effect": 0.9})
    with Ledger.to_write(promoted_home.ledger) as ledger:
        context = make_context(promoted_home, other, market, ledger, FIRST + 1)
        run_daily_cycle(context)
        assert len(read_shadow_sessions(ledger, context.registry_view)) == SHADOW
        for minute, number in enumerate((3, 2), start=1):
            later = context.now + dt.timedelta(minutes=minute)
            promote_manually(promoted_home, ledger, number, later)
        view = make_context(promoted_home, other, market, ledger, FIRST + 1).registry_view
        assert view.champion.number == 2 and view.challenger.number == 3
        assert read_shadow_sessions(ledger, view).empty


def test_a_champion_trained_anew_with_its_own_settings_has_no_shadow_period(
    promoted_home, config, market, untrained
):
    with Ledger.to_write(promoted_home.ledger) as ledger:
        context = make_context(promoted_home, config, market, ledger, FIRST + 1)
        assert run_daily_cycle(context, if_due=False).trained == "network 3"
        assert len(read_shadows(ledger)) == 1


@pytest.mark.parametrize("damage", ["lost", "altered"])
def test_without_the_champions_settings_there_is_no_shadow_period(
    promoted_home, config, market, untrained, damage
):
    for file in promoted_home.settings.glob("*.toml"):
        text = file.read_text()
        file.unlink()
        if damage == "altered":
            file.write_text(text.replace('blend = "auto"', "blend = 0.4"))
    other = change_settings(config, model={"blend": 0.0})
    with Ledger.to_write(promoted_home.ledger) as ledger:
        summary = run_daily_cycle(make_context(promoted_home, other, market, ledger, FIRST + 1))
        assert summary.trained == "network 3" and not summary.raised
        assert len(read_shadows(ledger)) == 1


def test_only_the_first_run_has_a_shadow_period(replayed_home):
    assert (read_table(replayed_home, "decisions")["action"] == "shadow").sum() == 1


def test_the_shadow_period_is_at_most_half_of_the_history(home, config, market, ledger):
    longer = change_settings(config, job={"shadow_sessions": 5000}, split={"refit_every": 126})
    run_daily_cycle(make_context(home, longer, market, ledger))
    reason = ledger.table("decisions").query("action == 'shadow'")["reason"].iloc[0]
    assert f"over the {FIRST // 2} sessions to" in reason


def test_a_history_too_short_for_a_shadow_period_has_none(home, config, market, ledger):
    """The network can be trained, those of the shadow period could not."""
    summary = run_daily_cycle(make_context(home, config, market, ledger, 46))
    assert summary.trained == "network 2" and not summary.open_alerts and not summary.notes
    assert "shadow" not in set(ledger.table("decisions")["action"])
