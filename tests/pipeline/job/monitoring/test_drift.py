"""Drift of loss and of inputs: what is compared with what, whoever is champion."""

import datetime as dt
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd

from tests.pipeline.job.samples import FIRST
from volcast.features.feature_table import FeatureTable
from volcast.pipeline.job.monitoring.drift import RECENT, observe_input_drift, observe_loss_drift
from volcast.pipeline.ledger.records import DecisionRow
from volcast.reports.monitoring.alerts import step

DAYS = pd.bdate_range("2015-01-01", periods=700)
PROMOTED = 400
FRIDAY = 4
GAIN = -0.05  # of the network over HAR


class MemoryLedger:
    """A ledger in memory."""

    def __init__(self, scored, decided=()):
        self.scored, self.decided = scored, decided

    def table(self, name, only=None, *, columns=()):
        return self.scored[self.scored["origin"] >= pd.Timestamp(only.since)]

    def decisions(self, *actions):
        return (each for each in reversed(self.decided) if each.action in actions)


def friday(panel, origin):
    """Return the first Friday from an origin on."""
    return origin + int((panel.sessions[origin:].day_of_week == FRIDAY).argmax())


def promotion(place=PROMOTED):
    day = DAYS[place].date()
    return DecisionRow(f"gate {day}", "promote", "network 2", "it was better")


def shadow(less_har, until):
    days = DAYS[until - len(less_har) : until]
    losses = {"network": (1 + less_har).tolist(), "har": [1.0] * len(days)}
    numbers = {"recipe": "ours", "origins": [str(day.date()) for day in days], **losses}
    return DecisionRow("shadow", "shadow", "network", "from before", numbers)


def variance_of_loss(loss):
    """Return the forecast above 1 whose QLIKE against the outcome 1 is `loss`, by bisection."""
    low, high = np.ones_like(loss), np.full_like(loss, 1e6)
    for _ in range(80):
        middle = (low + high) / 2
        below = 1 / middle + np.log(middle) - 1 < loss
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return low


def forecasts(days, loss, model, role, version="2"):
    return pd.DataFrame(
        {
            "origin": days,
            "ticker": "AAA",
            "horizon": 1,
            "target_end": days + pd.offsets.BDay(1),
            "model": model,
            "model_version": version,
            "role": role,
            "variance": variance_of_loss(np.broadcast_to(loss, len(days)).astype(float)),
            "fallback": False,
            "realized": 1.0,
        }
    )


def usual(count, seed):
    return GAIN + 0.1 * np.random.default_rng(seed).uniform(-1, 1, count)


def promoted_after_har(challenged, reign):
    """Return the ledger's rows: HAR is issued, with a challenger, then the network."""
    before, since = DAYS[:PROMOTED], DAYS[PROMOTED : PROMOTED + len(reign)]
    parts = [
        forecasts(before, 1.0, "har", "champion", "2014-12-31"),
        forecasts(before[PROMOTED - len(challenged) :], 1 + challenged, "network", "challenger"),
        forecasts(since, 1.0, "har", "fallback", "2016-06-30"),
        forecasts(since, 1 + reign, "network", "champion"),
    ]
    return pd.concat([part for part in parts if len(part)], ignore_index=True)


def observe(scored, *decisions, champion="network"):
    context = SimpleNamespace(
        registry_view=SimpleNamespace(champion=SimpleNamespace(model=champion), recipe="ours"),
        config=SimpleNamespace(job=SimpleNamespace(gate_horizon=1)),
        panel=SimpleNamespace(sessions=DAYS),
        origin=len(DAYS) - 1,
        ledger=MemoryLedger(scored, decisions),
    )
    return observe_loss_drift(context)


def test_a_network_promoted_after_har_is_compared_with_its_series_as_challenger():
    challenged = usual(200, 0)
    as_before = observe(promoted_after_har(challenged, usual(60, 1)), promotion())
    worse = observe(promoted_after_har(challenged, usual(60, 1) + 0.1), promotion())
    assert as_before.value <= as_before.limit
    assert worse.value > worse.limit and "for 60 sessions" in worse.words


def test_only_the_newest_challenger_of_an_origin_defines_what_is_usual():
    rows = promoted_after_har(usual(200, 0), usual(60, 1))
    older = forecasts(DAYS[PROMOTED - 200 : PROMOTED], 3.0, "network", "challenger", "1")
    assert observe(pd.concat([rows, older]), promotion()) == observe(rows, promotion())


def test_the_shadow_period_stands_in_for_challengers_that_were_few():
    few = promoted_after_har(usual(20, 0), usual(60, 1) + 0.1)
    found = observe(few, shadow(usual(150, 2), PROMOTED - 20), promotion())
    assert found.value > found.limit


def test_without_enough_before_it_the_first_year_of_a_reign_defines_what_is_usual():
    assert observe(promoted_after_har(usual(20, 0), usual(249, 1)), promotion()).value == 0
    worse = np.concatenate([usual(250, 1), usual(40, 2) + 0.1])
    found = observe(promoted_after_har(usual(20, 0), worse), promotion())
    assert found.value > found.limit and "for 40 sessions" in found.words


def test_an_alert_of_a_network_is_cleared_once_har_is_champion():
    fallen = promoted_after_har(usual(200, 0), usual(60, 1) + 0.1)
    alerts, _, _ = step((), [observe(fallen, promotion())], dt.date(2016, 10, 3))
    now_open, _, cleared = step(alerts, [observe(fallen, champion="har")], dt.date(2016, 10, 4))
    assert now_open == () and "HAR is the champion" in cleared[0].words


def test_a_new_champion_begins_at_zero():
    assert observe(promoted_after_har(usual(200, 0), usual(0, 1)), promotion()).value == 0


def test_the_last_session_of_a_week_compares_the_inputs_of_its_last_quarter(market):
    panel = market.panel
    weekdays = panel.sessions[FIRST : FIRST + 5].day_of_week
    for origin, weekday in zip(range(FIRST, FIRST + 5), weekdays, strict=True):
        subjects = [each.subject for each in observe_input_drift(panel, origin)]
        assert subjects == (list(panel.names) if weekday == FRIDAY else [])


def test_inputs_that_moved_in_the_last_quarter_are_found_and_the_future_is_not_used(market):
    x = np.array(market.panel.x)
    last = friday(market.panel, FIRST)
    before = friday(market.panel, last - RECENT - 5)
    x[last - RECENT + 1 :, :, 0] += 20
    moved = replace(market.panel, x=FeatureTable.from_array(x))
    over = {o.subject for o in observe_input_drift(moved, last) if o.value > o.limit}
    assert moved.names[0] in over
    assert observe_input_drift(moved, before) == observe_input_drift(market.panel, before) != []


def test_a_history_of_fewer_than_four_quarters_before_has_no_input_drift(market):
    first = friday(market.panel, 5 * RECENT - 1)
    assert observe_input_drift(market.panel, first) != []
    assert observe_input_drift(market.panel, friday(market.panel, first - 10)) == []
