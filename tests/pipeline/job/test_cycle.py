"""The daily cycle: every step may fail or be interrupted, and forecasts are issued."""

import datetime as dt
from dataclasses import replace

import pandas as pd
import pytest

from tests.pipeline.job.samples import (
    FIRST,
    RUNS,
    interrupt,
    make_context,
    promote_manually,
    read_table,
)
from volcast.pipeline.errors import LedgerError
from volcast.pipeline.job import cycle
from volcast.pipeline.job.cycle import run_daily_cycle
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.ledger.verify import verify
from volcast.pipeline.registry.registry import Registry

pytest.importorskip("mlflow", reason="the registry needs the extra `ops`")


def test_a_challenger_is_trained_when_due_and_every_run_decides(replayed_home):
    decisions = read_table(replayed_home, "decisions")
    assert (decisions["action"] == "registered").sum() == 3
    gates = decisions[decisions["key"].str.startswith("gate ")]
    assert len(gates) == RUNS and gates["reason"].str.len().gt(10).all()


@pytest.mark.parametrize(
    "step", ["join_outcomes", "retrain_when_due", "write_shadow_period", "_run_gate"]
)
def test_a_step_that_fails_in_any_way_stops_no_forecast_and_raises_an_alert(
    step, home, config, market, ledger, monkeypatch
):
    def fail(*_, **__):
        raise RuntimeError("out of luck")

    with monkeypatch.context() as patched:
        patched.setattr(cycle, step, fail)
        summary = run_daily_cycle(make_context(home, config, market, ledger))
    assert len(ledger.issued(summary.origin)) == 4
    assert [alert.name for alert in summary.raised] == ["failed step"]
    assert "failed: RuntimeError: out of luck" in summary.line()
    after = run_daily_cycle(make_context(home, config, market, ledger, FIRST + 1))
    assert not after.open_alerts


def test_a_promotion_interrupted_before_the_registry_changed_is_finished(
    home, config, market, ledger, far_better, monkeypatch
):
    with monkeypatch.context() as patched:
        patched.setattr(Registry, "apply_change", interrupt)
        with pytest.raises(KeyboardInterrupt):
            run_daily_cycle(make_context(home, config, market, ledger))
    assert Registry(home).champion().model == "har"
    summary = run_daily_cycle(make_context(home, config, market, ledger))
    assert summary.champion == "network 2" and summary.forecasts == 8
    assert set(ledger.issued(market.panel.sessions[FIRST].date())["model"]) == {"network"}
    actions = ledger.table("decisions")["key"].str.contains(" to ")
    assert actions.sum() == 1


def test_an_interrupted_manual_promotion_is_finished_by_the_next_run(
    home, config, market, ledger, monkeypatch
):
    context = make_context(home, config, market, ledger)
    run_daily_cycle(context)
    with monkeypatch.context() as patched:
        patched.setattr(Registry, "apply_change", interrupt)
        with pytest.raises(KeyboardInterrupt):
            promote_manually(home, ledger, 2, context.now)
    summary = run_daily_cycle(make_context(home, config, market, ledger, FIRST + 1))
    assert summary.champion == "network 2"


def test_a_forecast_that_took_long_is_not_dated_back(home, config, market, ledger):
    """The clock is read when forecasts are written, not when the call began."""
    context = make_context(home, config, market, ledger)
    started, times = context.now, []

    def clock():
        times.append(started + dt.timedelta(hours=18) * bool(times))
        return times[-1]

    run_daily_cycle(replace(context, clock=clock))
    rows = ledger.table("forecasts")
    assert (rows["written_at"] > pd.Timestamp(started)).all() and not rows["live"].any()


def test_a_clock_that_went_back_during_a_run_writes_nothing(started_home, config, market):
    with Ledger.to_write(started_home.ledger) as ledger:
        before = ledger.head()
        late = make_context(started_home, config, market, ledger, FIRST + 1)
        earlier = late.now - dt.timedelta(days=400)
        with pytest.raises(LedgerError, match="but the newest row of the ledger"):
            run_daily_cycle(replace(late, clock=lambda: earlier))
        assert ledger.head() == before
        verify(ledger)
