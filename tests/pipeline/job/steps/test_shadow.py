"""The shadow period: the walk-forward before a home's first daily run."""

import numpy as np
import pandas as pd
import pytest

from tests.pipeline.job.samples import (
    EVERY,
    FIRST,
    SHADOW,
    change_settings,
    make_context,
    read_table,
)
from volcast.pipeline.backtest.folds import build_folds
from volcast.pipeline.backtest.walk_forward import iter_folds
from volcast.pipeline.config.settings import Config
from volcast.pipeline.job.config_archive import hash_recipe
from volcast.pipeline.job.cycle import run_daily_cycle
from volcast.pipeline.job.steps.shadow import read_shadow_losses
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.progress import Progress
from volcast.reports.scoring.scores import qlike

pytest.importorskip("mlflow", reason="the registry needs the extra `ops`")


def test_the_shadow_period_is_the_walk_forward_before_the_first_run(replayed_home, market, config):
    with Ledger.to_read(replayed_home.ledger) as ledger:
        shadow = read_shadow_losses(ledger, hash_recipe(config)).set_index("origin")
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


def test_only_the_first_run_has_a_shadow_period(replayed_home):
    assert (read_table(replayed_home, "decisions")["action"] == "shadow").sum() == 1


def test_the_shadow_period_is_at_most_half_of_the_history(home, config, market, ledger):
    longer = change_settings(config, job={"shadow_sessions": 5000}, split={"refit_every": 126})
    run_daily_cycle(make_context(home, longer, market, ledger))
    reason = ledger.table("decisions").query("action == 'shadow'")["reason"].iloc[0]
    assert f"over the {FIRST // 2} sessions before" in reason


def test_a_history_too_short_for_a_shadow_period_has_none(home, config, market, ledger):
    """The network can be trained, those of the shadow period could not."""
    summary = run_daily_cycle(make_context(home, config, market, ledger, 46))
    assert summary.trained == "network 2" and not summary.open_alerts and not summary.notes
    assert "shadow" not in set(ledger.table("decisions")["action"])
