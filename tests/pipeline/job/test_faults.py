"""Faults of the job: whatever fails or is cut off, forecasts go out and no evidence is bent."""

import datetime as dt
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.pipeline.job.samples import FIRST, make_context
from tests.pipeline.job.test_config_archive import changed
from tests.pipeline.job.test_cycle import NOW, killed
from tests.pipeline.samples import volcast
from volcast.pipeline.errors import ConfigError, DataError, LedgerError
from volcast.pipeline.files import lock_folder
from volcast.pipeline.home import Home
from volcast.pipeline.job import config_archive, cycle, preconditions
from volcast.pipeline.job.cycle import run_evening
from volcast.pipeline.job.market import load_market
from volcast.pipeline.job.monitoring.observe import stale
from volcast.pipeline.job.replay import find_settling_moment, replay
from volcast.pipeline.job.run import run_job
from volcast.pipeline.job.steps import issue, retrain, shadow
from volcast.pipeline.job.steps.gate import CHALLENGER, evaluate_gate, reign_since
from volcast.pipeline.ledger.head_file import check_head
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.ledger.records import Decision
from volcast.pipeline.panel.build import build_grids, build_panel
from volcast.pipeline.progress import Progress
from volcast.pipeline.registry.promotion import Grounds, promote
from volcast.pipeline.registry.registry import Registry

pytest.importorskip("mlflow", reason="the registry needs the extra `ops`")


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path / "home")


@pytest.fixture
def ledger(home):
    with Ledger.to_write(home.ledger) as opened:
        yield opened


@pytest.fixture
def far_better(market, monkeypatch):
    """A shadow period in which the network was far better."""
    days = market.panel.sessions[FIRST - 200 : FIRST]
    losses = pd.DataFrame({"network": 0.3, "har": 0.6}, index=days)
    losses += np.random.default_rng(0).uniform(0, 0.1, losses.shape)
    monkeypatch.setattr(shadow, "_losses", lambda *_: losses)


def by_hand(home, ledger, number, now):
    promote(Registry(home), ledger, number, Grounds.by_hand("Ann", "a trial"), now=now)


def market_of_bars(market, bars, config):
    return replace(market, bars=bars, panel=build_panel(build_grids(bars, config), config))


# Promotion


def test_a_promotion_cut_off_before_the_registry_knew_is_finished(
    home, config, market, ledger, far_better, monkeypatch
):
    with monkeypatch.context() as patched:
        patched.setattr(Registry, "apply", killed)
        with pytest.raises(KeyboardInterrupt):
            run_evening(make_context(home, config, market, ledger))
    assert Registry(home).champion().model == "har"
    summary = run_evening(make_context(home, config, market, ledger))
    assert summary.champion == "network 2" and summary.forecasts == 8
    assert set(ledger.issued(market.panel.sessions[FIRST].date())["model"]) == {"network"}
    actions = ledger.table("decisions")["key"].str.contains(" to ")
    assert actions.sum() == 1


def test_a_promotion_by_hand_that_was_cut_off_is_finished_by_the_next_evening(
    home, config, market, ledger, monkeypatch
):
    context = make_context(home, config, market, ledger)
    run_evening(context)
    with monkeypatch.context() as patched:
        patched.setattr(Registry, "apply", killed)
        with pytest.raises(KeyboardInterrupt):
            by_hand(home, ledger, 2, context.now)
    summary = run_evening(make_context(home, config, market, ledger, FIRST + 1))
    assert summary.champion == "network 2"


def test_a_promotion_by_hand_counts_from_the_next_origin_on(home, config, market, ledger):
    """The promoted network's own forecast of that evening is no challenge to itself."""
    context = make_context(home, config, market, ledger)
    run_evening(context)
    by_hand(home, ledger, 2, context.now + dt.timedelta(minutes=30))
    assert reign_since(ledger) == context.day + pd.Timedelta(days=1)
    for origin in range(FIRST + 1, FIRST + 4):
        summary = run_evening(make_context(home, config, market, ledger, origin))
    assert "no usable forecast" not in summary.decision
    assert "there is no challenger" in summary.decision


def test_models_are_not_promoted_while_a_job_is_at_work(home, small):
    with lock_folder(home.folder):
        answer = volcast("models", "rollback", "--home", home.folder, "--who", "A", "--why", "b")
    assert answer.code == 1 and "is in use by another volcast process" in answer.complaint


# Evidence


def test_an_evening_without_registry_does_not_bar_challengers_for_ever(
    home, config, market, ledger
):
    run_evening(make_context(home, config, market, ledger))
    good = home.registry.read_bytes()
    home.registry.write_bytes(b"not a database" * 100)
    dark = run_evening(make_context(home, config, market, ledger, FIRST + 1))
    assert [alert.subject for alert in dark.raised] == ["registry"]
    home.registry.write_bytes(good)
    for origin in range(FIRST + 2, FIRST + 5):
        light = run_evening(make_context(home, config, market, ledger, origin))
    assert "no usable forecast" not in light.decision and "over 39 sessions" in light.decision
    assert not light.open_alerts


def test_evidence_for_other_settings_is_none_for_these(
    home, config, market, ledger, far_better, monkeypatch
):
    strict = changed(config, job={"minimum_effect": 0.6})
    assert run_evening(make_context(home, strict, market, ledger)).champion == "har 1"
    other = changed(config, model={"learning_rate": 0.5, "blend": 0.0})
    summary = run_evening(make_context(home, other, market, ledger, FIRST + 1))
    assert summary.trained == "network 3" and summary.champion == "har 1"
    assert "nothing to judge by yet; no session on which" in summary.decision


def test_other_bars_leave_the_evidence_as_it_is(home, config, market, ledger, far_better):
    strict = changed(config, job={"minimum_effect": 0.6})
    run_evening(make_context(home, strict, market, ledger))
    other = changed(config, data={"start": dt.date(2016, 1, 4)})
    assert config_archive.recipe(other) == config_archive.recipe(config)
    summary = run_evening(make_context(home, other, market, ledger, FIRST + 1))
    assert summary.trained == "network 3" and "over 200 sessions" in summary.decision


def test_an_origin_counts_the_evening_after_its_targets_ended(home, config, market, ledger):
    quiet = changed(config, job={"shadow_sessions": 0})
    for origin in range(FIRST, FIRST + 4):
        run_evening(make_context(home, quiet, market, ledger, origin))
    context = make_context(home, quiet, market, ledger, FIRST + 3)
    judged = evaluate_gate(ledger, context.registry_view, quiet.job, context.day)
    assert judged.numbers["challenge"]["rival"] == CHALLENGER
    assert judged.numbers["challenge"]["last"] == str(market.panel.sessions[FIRST + 1].date())


# Steps that fail


@pytest.mark.parametrize("step", ["join_outcomes", "retrain_when_due", "keep_shadow", "_decide"])
def test_a_step_that_fails_in_any_way_stops_no_forecast_and_raises_an_alert(
    step, home, config, market, ledger, monkeypatch
):
    def fails(*_):
        raise RuntimeError("out of luck")

    with monkeypatch.context() as patched:
        patched.setattr(cycle, step, fails)
        summary = run_evening(make_context(home, config, market, ledger))
    assert len(ledger.issued(summary.origin)) == 4
    assert [alert.name for alert in summary.raised] == ["failed step"]
    assert "failed: RuntimeError: out of luck" in summary.line()
    after = run_evening(make_context(home, config, market, ledger, FIRST + 1))
    assert not after.open_alerts


def test_a_har_that_cannot_be_fitted_does_not_stop_the_champion(
    home, config, market, ledger, far_better, monkeypatch
):
    def fails(*_):
        raise DataError("nothing to fit on")

    monkeypatch.setattr(issue, "fitted_har", fails)
    summary = run_evening(make_context(home, config, market, ledger))
    assert summary.champion == "network 2" and len(ledger.issued(summary.origin)) == 4
    assert [alert.subject for alert in summary.raised] == ["fallback"]


def test_the_shadow_takes_half_of_the_history_at_most(home, config, market, ledger):
    longer = changed(config, job={"shadow_sessions": 5000}, split={"refit_every": 126})
    run_evening(make_context(home, longer, market, ledger))
    reason = ledger.table("decisions").query("action == 'shadow'")["reason"].iloc[0]
    assert f"over the {FIRST // 2} sessions before" in reason


def test_a_history_too_short_for_a_shadow_has_none(home, config, market, ledger):
    """The network can be trained, those of the half before could not."""
    summary = run_evening(make_context(home, config, market, ledger, 46))
    assert summary.trained == "network 2" and not summary.open_alerts and not summary.notes
    assert "shadow" not in set(ledger.table("decisions")["action"])


def test_a_history_too_short_for_a_network_is_told(home, config, market, ledger):
    with pytest.raises(DataError, match="too little history"):
        run_evening(make_context(home, config, market, ledger, 20))


def test_an_evening_before_the_newest_training_uses_nothing_of_it(home, config, market, ledger):
    """As after an older ledger was put back: the network knows later sessions."""
    with pytest.raises(KeyboardInterrupt), pytest.MonkeyPatch.context() as patched:
        patched.setattr(retrain, "tell_of_newest", killed)
        run_evening(make_context(home, config, market, ledger, FIRST + 40))
    summary = run_evening(make_context(home, config, market, ledger))
    rows = ledger.table("forecasts")
    assert "network 2 gave no forecast: it was trained on later sessions" in summary.notes
    networks = rows[rows["model"] == "network"]
    assert set(networks["model_version"]) <= {"3"}
    before = str(market.panel.sessions[FIRST - 1].date())
    assert set(rows[rows["model"] == "har"]["model_version"]) == {before}


# Outcomes


def test_an_outcome_from_a_bar_that_came_late_is_revised(home, config, market, ledger):
    panel = market.panel
    place, end = panel.horizons.index(5), FIRST + 5
    late = panel.target.copy()
    late[FIRST, 0, place] *= 0.8
    for origin in range(FIRST, end + 2):
        target = late if origin == end else panel.target
        tonight = replace(market, panel=replace(panel, target=target))
        run_evening(make_context(home, config, tonight, ledger, origin))
    rows = ledger.table("scored").query("horizon == 5 and ticker == 'AAA'")
    mine = rows[rows["origin"] == panel.sessions[FIRST]]
    assert set(mine["outcome_rows"]) == {2}
    np.testing.assert_array_equal(mine["realized"], panel.target[FIRST, 0, place])


def test_a_target_that_ends_on_another_day_now_gets_no_outcome(home, config, market, ledger):
    run_evening(make_context(home, config, market, ledger))
    panel = market.panel
    moved = panel.target_end.copy()
    moved[FIRST] -= np.timedelta64(1, "h").astype("timedelta64[us]") * 24
    other = replace(market, panel=replace(panel, target_end=moved))
    run_evening(make_context(home, config, other, ledger, FIRST + 2))
    assert ledger.table("outcomes").query("horizon == 1").empty


def test_a_day_on_which_all_exchanges_were_closed_ends_with_the_day():
    saturday = pd.Timestamp("2018-01-06")
    assert find_settling_moment(saturday, ["XNYS"]) > dt.datetime(2018, 1, 7, 4, tzinfo=dt.UTC)


# The ledger


def test_what_takes_long_is_not_dated_back(home, config, market, ledger):
    """The clock is asked when forecasts are written, not when the call began."""
    context = make_context(home, config, market, ledger)
    begun, said = context.now, []

    def clock():
        said.append(begun + dt.timedelta(hours=18) * bool(said))
        return said[-1]

    run_evening(replace(context, clock=clock))
    rows = ledger.table("forecasts")
    assert (rows["written_at"] > pd.Timestamp(begun)).all() and not rows["live"].any()


def test_a_replay_and_evenings_of_now_are_never_mixed(home, config, market, tmp_path):
    days = tuple(market.panel.sessions[at].date() for at in (FIRST, FIRST + 2))
    list(replay(home, config, market, days, Progress()))
    with pytest.raises(ConfigError, match="holds a replay, whose forecasts were not written when"):
        run_job(home, config, clock=lambda: NOW, progress=Progress())
    assert "replayed" in volcast("ledger", "score", "--home", home.folder).out
    with Ledger.to_read(home.ledger) as ledger:
        assert preconditions.is_replay(ledger)
        assert "real_clock" in ledger.table("decisions")["numbers"].iloc[0]
    other = Home(tmp_path / "other")
    run_job(other, config, clock=lambda: NOW, progress=Progress())
    before = (other.folder / "config.toml").read_text()
    another = changed(config, job={"retrain_every": 99})
    with pytest.raises(ConfigError, match="a replay must not mix with them"):
        next(replay(other, another, market, days, Progress()))
    assert (other.folder / "config.toml").read_text() == before


def test_a_ledger_that_is_gone_or_older_is_missed(home, config, tmp_path):
    run_job(home, config, clock=lambda: NOW, progress=Progress())
    with Ledger.to_write(home.ledger) as ledger:
        older = shutil.copy(home.ledger, tmp_path / "older.db")
        ledger.add_decision(Decision("later", "keep", "har 1", "a note"), now=NOW)
    check_head(home)
    run_job(home, config, clock=lambda: NOW + dt.timedelta(hours=1), progress=Progress())
    for name in ("ledger.db-wal", "ledger.db-shm"):
        (home.folder / name).unlink(missing_ok=True)
    shutil.copy(older, home.ledger)
    with pytest.raises(LedgerError, match=r"lacks row \d+, which was its last; put back"):
        run_job(home, config, clock=lambda: NOW, progress=Progress())
    home.ledger.unlink()
    with pytest.raises(LedgerError, match="is missing, and had"):
        run_job(home, config, clock=lambda: NOW, progress=Progress())
    home.head.write_text("{}")
    with pytest.raises(LedgerError, match="is damaged"):
        check_head(home)


def test_a_champion_of_other_horizons_gets_its_outcomes_too(home, config, market, ledger):
    context = make_context(home, config, market, ledger)
    run_evening(context)
    by_hand(home, ledger, 2, context.now)
    shorter = changed(config, target={"horizons": (1,)})
    narrow = load_market(shorter, NOW)
    for origin in range(FIRST + 1, FIRST + 8):
        run_evening(make_context(home, shorter, narrow, ledger, origin))
    known = ledger.table("scored").query("horizon == 5 and realized > 0")
    assert set(known["origin"]) == set(market.panel.sessions[FIRST : FIRST + 3])


def test_a_clock_that_went_back_by_days_does_nothing_and_asks_about_the_clock(home, config):
    def at(day):
        moment = dt.datetime.combine(day, dt.time(23), dt.UTC)
        return run_job(home, config, clock=lambda: moment, progress=Progress())

    first = at(dt.date(2018, 1, 10))
    back = at(dt.date(2018, 1, 5))
    assert str(first.origin) == "2018-01-10" and str(back.origin) == "2018-01-05"
    assert back.forecasts == 0 and [alert.name for alert in back.raised] == ["ledger ahead"]
    assert "the ledger has forecasts of 2018-01-10, the bars end on 2018-01-05" in back.line()
    forth = at(dt.date(2018, 1, 11))
    assert forth.forecasts == 8 and forth.outcomes == 2 and not forth.open_alerts


def test_a_home_goes_on_with_its_own_settings_and_keeps_them_when_a_call_fails(home, small, prices):
    """What is scheduled runs from the home: a mistyped path must not stay in it."""

    def call(*words):
        return volcast("retrain", "--home", home.folder, "--quiet", "--if-due", *words)

    first = call("--config", small)
    settled = (home.folder / "config.toml").read_text()
    assert 'dir = ""' in settled, "a home that is moved has its bars with it"
    assert call("--data", "oops.csv").code == 1
    assert (home.folder / "config.toml").read_text() == settled
    again = call()
    assert "0 new forecasts" in again.out and "nothing trained" in again.out
    assert again.out[:10] == first.out[:10]
    (home.folder / "config.toml").write_text("x = ")
    assert "mend it, or delete it and name --config" in call().complaint
    assert call("--config", small).code == 3
    assert (home.folder / "config.toml").read_text() == settled


def test_a_home_does_not_go_over_to_tickers_that_it_never_forecast(home, small):
    volcast("retrain", "--home", home.folder, "--config", small, "--quiet", "--if-due")
    with Ledger.to_read(home.ledger) as ledger:
        before = ledger.head()
    complaint = volcast("retrain", "--home", home.folder, "--source", "sample").complaint
    assert "forecasts AAA, BBB, and now there are bars of ^GSPC, ^IXIC alone" in complaint
    with Ledger.to_read(home.ledger) as ledger:
        assert ledger.head() == before


def test_a_registry_that_is_gone_makes_no_other_network_champion(home, config, market, ledger):
    context = make_context(home, config, market, ledger)
    run_evening(context)
    by_hand(home, ledger, 2, context.now)
    noted = home.champion.read_text()
    home.registry.unlink()
    for origin in (FIRST + 1, FIRST + 2):
        summary = run_evening(make_context(home, config, market, ledger, origin))
        assert summary.champion == "network 2" and summary.trained is None
        assert [alert.subject for alert in summary.open_alerts] == ["registry"]
    assert home.champion.read_text() == noted and not home.registry.exists()


def test_a_ticker_without_any_bar_counts_from_its_last_forecast(home, config, market, ledger):
    run_evening(make_context(home, config, market, ledger))
    two = changed(config, data={"tickers": ("AAA", "BBB")})
    bars = market.bars[market.bars["ticker"] == "AAA"]
    one = market_of_bars(market, bars, two)
    tonight = make_context(home, two, one, ledger, FIRST + 3)
    words = [o.words for o in stale(tonight) if o.subject == "BBB"]
    assert words == ["BBB lacks the last 3 sessions"]
