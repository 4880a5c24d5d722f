"""Outcomes joined to forecasts: when they are known, and again when bars are revised."""

from dataclasses import replace

import numpy as np
import pytest

from tests.pipeline.job.samples import (
    FIRST,
    NOW,
    change_settings,
    make_context,
    promote_manually,
    read_table,
)
from volcast.pipeline.job.cycle import run_daily_cycle
from volcast.pipeline.job.market import load_market

pytest.importorskip("mlflow", reason="the registry needs the extra `ops`")


def test_outcomes_are_joined_when_they_are_known_and_not_before(replayed_home):
    scored = read_table(replayed_home, "scored")
    known = scored[scored["outcome_rows"] > 0]
    last = scored["origin"].max()
    assert (known["target_end"] <= last).all() and len(known) > 100
    assert (scored[scored["target_end"] <= last]["outcome_rows"] == 1).all()
    assert (known["outcome_written_at"] > known["written_at"]).all()


def test_an_outcome_from_a_late_bar_is_revised(home, config, market, ledger):
    panel = market.panel
    place, end = panel.horizons.index(5), FIRST + 5
    late = panel.target.copy()
    late[FIRST, 0, place] *= 0.8
    for origin in range(FIRST, end + 2):
        target = late if origin == end else panel.target
        revised = replace(market, panel=replace(panel, target=target))
        run_daily_cycle(make_context(home, config, revised, ledger, origin))
    rows = ledger.table("scored").query("horizon == 5 and ticker == 'AAA'")
    own = rows[rows["origin"] == panel.sessions[FIRST]]
    assert set(own["outcome_rows"]) == {2}
    in_level = panel.target[FIRST, 0, place] * own["level_factor"]
    np.testing.assert_array_equal(own["realized"], in_level)


def test_a_target_that_ends_on_another_day_now_gets_no_outcome(home, config, market, ledger):
    run_daily_cycle(make_context(home, config, market, ledger))
    panel = market.panel
    moved = panel.target_end.copy()
    moved[FIRST] -= np.timedelta64(1, "h").astype("timedelta64[us]") * 24
    other = replace(market, panel=replace(panel, target_end=moved))
    run_daily_cycle(make_context(home, config, other, ledger, FIRST + 2))
    assert ledger.table("outcomes").query("horizon == 1").empty


@pytest.mark.slow
def test_a_champion_with_other_horizons_gets_its_outcomes_too(home, config, market, ledger):
    context = make_context(home, config, market, ledger)
    run_daily_cycle(context)
    promote_manually(home, ledger, 2, context.now)
    shorter = change_settings(config, target={"horizons": (1,)})
    narrow = load_market(shorter, NOW)
    for origin in range(FIRST + 1, FIRST + 8):
        run_daily_cycle(make_context(home, shorter, narrow, ledger, origin))
    known = ledger.table("scored").query("horizon == 5 and realized > 0")
    assert set(known["origin"]) == set(market.panel.sessions[FIRST : FIRST + 3])
