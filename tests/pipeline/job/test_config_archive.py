"""What changes under a running job: settings, tickers, bars, champions. No forecast is lost."""

import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.pipeline.job.samples import FIRST, make_context
from tests.pipeline.job.test_cycle import NOW
from volcast.features.panel import aligned
from volcast.pipeline.config.load import load_config
from volcast.pipeline.errors import ConfigError, LedgerError
from volcast.pipeline.home import Home
from volcast.pipeline.job import config_archive
from volcast.pipeline.job.cycle import run_evening
from volcast.pipeline.job.market import load_market
from volcast.pipeline.job.rebuild import rebuilder
from volcast.pipeline.job.steps.gate import CHAMPION, HAR, evaluate_gate
from volcast.pipeline.job.steps.issue import issue
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.ledger.verify import verify

pytest.importorskip("mlflow", reason="the registry needs the extra `ops`")


@pytest.fixture(scope="module")
def begun(tmp_path_factory, config, market) -> Home:
    """A home after its first evening, with network 2 promoted since; not to be changed."""
    home = Home(tmp_path_factory.mktemp("begun"))
    with Ledger.to_write(home.ledger) as ledger:
        config_archive.keep(config, home, ledger)
        config_archive.adopt(config, home)
        context = make_context(home, config, market, ledger)
        run_evening(context)
        registry = context.registry_view.registry
        if registry.champion().model != "network":
            registry.apply(registry.promotion(2))
    return home


@pytest.fixture
def home(begun, tmp_path) -> Home:
    """A copy of that home, to work on."""
    return Home(shutil.copytree(begun.folder, tmp_path / "home"))


def changed(config, **sections):
    values = config.model_dump()
    for name, keys in sections.items():
        values[name] |= keys
    return type(config).model_validate(values)


def evening_after(home, config, market, ledger, origin=FIRST + 1):
    config_archive.keep(config, home, ledger)
    return run_evening(make_context(home, config, market, ledger, origin))


def test_a_champion_goes_on_with_its_own_features_after_they_were_changed(home, config, market):
    fewer = changed(config, features={"select": ("har_1", "har_5", "har_22")})
    other = load_market(fewer, NOW)
    assert other.panel.names != market.panel.names
    with Ledger.to_write(home.ledger) as ledger:
        summary = evening_after(home, fewer, other, ledger)
        issued = ledger.issued(other.panel.sessions[FIRST + 1].date())
        assert summary.trained == "network 3" and not summary.notes
        assert set(issued["model_version"]) == {"2"}
    with Ledger.to_write(home.ledger) as ledger:
        registry_view = make_context(home, config, market, ledger).registry_view
        kept = issue(make_context(home, config, market, ledger, FIRST + 2), [], {})
        assert kept and registry_view.champion.number == 2


def test_the_champions_forecast_is_the_same_under_other_settings(home, config, market):
    with Ledger.to_write(home.ledger) as ledger:
        issue(make_context(home, config, market, ledger, FIRST + 1), [], {})
        mine = ledger.issued(market.panel.sessions[FIRST + 1].date())
    again = Home(shutil.copytree(home.folder, home.folder.with_name("again")))
    again.ledger.unlink()
    longer = changed(config, target={"horizons": (1, 5, 10)}, features={"select": ("default",)})
    with Ledger.to_write(again.ledger) as ledger:
        failed = {}
        issue(make_context(again, longer, load_market(longer, NOW), ledger, FIRST + 1), [], failed)
        other = ledger.issued(market.panel.sessions[FIRST + 1].date())
    network = other[other["model"] == "network"].reset_index(drop=True)
    assert not failed and set(other[other["model"] == "har"]["horizon"]) == {10}
    for name in ("ticker", "horizon", "variance", "lower", "upper"):
        pd.testing.assert_series_equal(network[name], mine[name])


def test_forecasts_made_under_other_settings_come_out_again(home, config, market):
    fewer = changed(config, features={"select": ("har_1", "har_5", "har_22")})
    with Ledger.to_write(home.ledger) as ledger:
        evening_after(home, fewer, load_market(fewer, NOW), ledger)
        assert len({row.config_hash for row in ledger.forecast_rows()}) == 2
        assert verify(ledger, rebuild=rebuilder(home)).rebuilt == 8 + 12
        path = next(iter(home.settings.glob("*.toml")))
        path.unlink()
        with pytest.raises(LedgerError, match=rf"{path.name} is missing: without these settings"):
            verify(ledger, rebuild=rebuilder(home))


def test_a_new_ticker_is_forecast_by_har_until_a_network_knows_it(home, config, prices, tmp_path):
    bars = pd.read_csv(prices)
    third = bars[bars["ticker"] == "AAA"].assign(ticker="CCC")
    pd.concat([bars, third]).to_csv(tmp_path / "three.csv", index=False)
    wider = changed(config, data={"path": str(tmp_path / "three.csv")})
    market = load_market(wider, NOW)
    with Ledger.to_write(home.ledger) as ledger:
        summary = evening_after(home, wider, market, ledger)
        issued = ledger.issued(market.panel.sessions[FIRST + 1].date())
        reasons = ledger.table("decisions").query("action == 'registered'")["reason"]
    assert summary.trained == "network 3" and "does not know CCC" in reasons.iloc[-1]
    by_ticker = issued.groupby("ticker")["model"].unique().str.join(", ")
    assert dict(by_ticker) == {"AAA": "network", "BBB": "network", "CCC": "har"}


def test_a_ticker_without_bars_tonight_costs_neither_a_training_nor_the_others(
    home, config, prices, tmp_path
):
    bars = pd.read_csv(prices)
    bars[bars["ticker"] == "AAA"].to_csv(tmp_path / "one.csv", index=False)
    one = changed(config, data={"path": str(tmp_path / "one.csv")})
    market = load_market(one, NOW)
    with Ledger.to_write(home.ledger) as ledger:
        summary = evening_after(home, one, market, ledger)
        issued = ledger.issued(market.panel.sessions[FIRST + 1].date())
        assert summary.trained is None
        assert summary.notes == (f"no forecast for BBB: no bar of {summary.origin}",)
        assert set(zip(issued["ticker"], issued["model"], strict=True)) == {("AAA", "network")}
        assert verify(ledger, rebuild=rebuilder(home), newest=4).rebuilt == 4


def test_bars_revised_the_same_evening_change_nothing_that_went_out(home, config, market):
    panel = market.panel
    x, variance = panel.x.copy(), panel.variance.copy()
    x[FIRST], variance[FIRST] = x[FIRST] + 0.1, variance[FIRST] * 1.3
    revised = replace(market, panel=replace(panel, x=x, variance=variance))
    with Ledger.to_write(home.ledger) as ledger:
        before = ledger.table("forecasts")
        summary = run_evening(make_context(home, config, revised, ledger))
        assert summary.forecasts == 0
        pd.testing.assert_frame_equal(ledger.table("forecasts"), before)


def test_a_change_of_champion_after_the_forecasts_went_out_waits_for_the_next_evening(
    home, config, market
):
    with Ledger.to_write(home.ledger) as ledger:
        before = ledger.issued(market.panel.sessions[FIRST].date())
        registry = make_context(home, config, market, ledger).registry_view.registry
        for number in (1, 2):
            if registry.champion().number != number:
                registry.apply(registry.promotion(number))
            run_evening(make_context(home, config, market, ledger), if_due=False)
        after = ledger.issued(market.panel.sessions[FIRST].date())
    pd.testing.assert_frame_equal(after, before)


def test_a_network_trained_in_a_second_call_leaves_hars_forecast_as_it_went_out(
    tmp_path, config, market
):
    """HAR is fitted with each training: the one of the first call has gone out."""
    home, quiet = Home(tmp_path), changed(config, job={"shadow_sessions": 0})
    with Ledger.to_write(home.ledger) as ledger:
        run_evening(make_context(home, quiet, market, ledger, FIRST - 1))
        first = run_evening(make_context(home, quiet, market, ledger))
        before = ledger.issued(market.panel.sessions[FIRST].date())
        second = run_evening(make_context(home, quiet, market, ledger), if_due=False)
        after = ledger.issued(market.panel.sessions[FIRST].date())
    assert (first.trained, second.trained) == (None, "network 3") and second.forecasts == 8
    assert set(before["model"]) == {"har"}
    pd.testing.assert_frame_equal(after, before)


def test_a_silent_champion_is_judged_by_what_went_out_in_its_place(home, config, market):
    """Else one that can give no forecast any more would stay champion for ever."""
    with Ledger.to_write(home.ledger) as ledger:
        context = make_context(home, config, market, ledger)
        version = context.registry_view.champion
        for file in context.registry_view.registry.folder(version).rglob("*.json"):
            file.write_text("{}")
        for origin in range(FIRST + 1, FIRST + 5):
            summary = run_evening(make_context(home, config, market, ledger, origin))
        last = make_context(home, config, market, ledger, FIRST + 4)
        judged = evaluate_gate(ledger, last.registry_view, config.job, last.day)
        issued = ledger.issued(last.day.date())
    assert summary.champion == "network 2" and set(issued["model"]) == {"har"}
    assert "network 2 gave no forecast" in summary.notes[0]
    assert [alert.subject for alert in summary.open_alerts] == ["champion"]
    challenge = judged.numbers["challenge"]
    assert challenge["incumbent"] == CHAMPION and challenge["sessions"] == 2
    against = judged.numbers["against_har"]
    assert against["rival"] == HAR and against["gain"] == pytest.approx(0, abs=0.5)


def test_a_newest_network_that_is_damaged_is_trained_anew_the_evening_after(home, config, market):
    with Ledger.to_write(home.ledger) as ledger:
        registry = make_context(home, config, market, ledger).registry_view.registry
        folder = registry.folder(registry.version(2))
        (folder / "forecast.json").write_text("{")
        summary = run_evening(make_context(home, config, market, ledger, FIRST + 1))
        reason = ledger.table("decisions").query("action == 'registered'")["reason"].iloc[-1]
        again = run_evening(make_context(home, config, market, ledger, FIRST + 1))
    assert summary.trained == "network 3" and summary.forecasts >= 4
    assert "the newest network cannot be loaded" in reason and again.trained is None


def test_another_measure_of_variance_needs_another_home(home, config):
    other = changed(config, target={"proxy": "close_to_close"})
    with (
        Ledger.to_write(home.ledger) as ledger,
        pytest.raises(ConfigError, match=r"target.proxy is 'close_to_close', but the forecasts"),
    ):
        config_archive.keep(other, home, ledger)
    assert load_config(home.folder / "config.toml").target.proxy == config.target.proxy


def test_settings_are_kept_by_their_hash(home, config):
    assert config_archive.kept(home, config_archive.config_hash(config)).model == config.model
    moved = changed(config, data={"dir": "/elsewhere", "rate": 9.0})
    assert config_archive.config_hash(moved) == config_archive.config_hash(config)
    other = changed(config, model={"epochs": 2})
    assert config_archive.config_hash(other) != config_archive.config_hash(config)


def test_an_aligned_panel_has_nan_where_a_ticker_is_missing(market):
    wide = aligned(market.panel, ("BBB", "CCC", "AAA"))
    assert wide.tickers == ("BBB", "CCC", "AAA")
    np.testing.assert_array_equal(wide.x[:, 2], market.panel.x[:, 0])
    np.testing.assert_array_equal(wide.target_end[:, 0], market.panel.target_end[:, 1])
    assert np.isnan(wide.x[:, 1]).all() and np.isnat(wide.target_start[:, 1]).all()
    assert aligned(market.panel, market.panel.tickers) is market.panel
