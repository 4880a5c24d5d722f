"""The forecasts of a daily run: one is issued for each target, whatever changed or failed."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import volcast
from tests.pipeline.job.samples import (
    FIRST,
    NOW,
    change_settings,
    interrupt,
    make_context,
    run_next,
    verify_and_rebuild,
)
from volcast.features.feature_table import FeatureTable
from volcast.pipeline.errors import DataError
from volcast.pipeline.home import Home
from volcast.pipeline.job.cycle import run_daily_cycle
from volcast.pipeline.job.market import load_market
from volcast.pipeline.job.steps import issue, retrain
from volcast.pipeline.job.steps.issue import issue_forecasts
from volcast.pipeline.ledger.display import select_readable
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.ledger.verify import verify

pytest.importorskip("mlflow", reason="the registry needs the extra `ops`")


def test_a_champion_keeps_its_features_after_the_settings_changed(promoted_home, config, market):
    fewer = change_settings(config, features={"select": ("har_1", "har_5", "har_22")})
    other = load_market(fewer, NOW)
    assert other.panel.names != market.panel.names
    with Ledger.to_write(promoted_home.ledger) as ledger:
        summary = run_next(promoted_home, fewer, other, ledger)
        issued = ledger.issued(other.panel.sessions[FIRST + 1].date())
        assert summary.trained == "network 3" and not summary.notes
        assert set(issued["model_version"]) == {"2"}
    with Ledger.to_write(promoted_home.ledger) as ledger:
        registry_view = make_context(promoted_home, config, market, ledger).registry_view
        new = issue_forecasts(make_context(promoted_home, config, market, ledger, FIRST + 2)).new
        assert new and registry_view.champion.number == 2


def test_the_champions_forecast_is_the_same_under_other_settings(
    promoted_home, config, market, tmp_path
):
    with Ledger.to_write(promoted_home.ledger) as ledger:
        issue_forecasts(make_context(promoted_home, config, market, ledger, FIRST + 1))
        expected = ledger.issued(market.panel.sessions[FIRST + 1].date())
    other_home = Home(
        shutil.copytree(promoted_home.folder, promoted_home.folder.with_name("other"))
    )
    other_home.ledger.unlink()
    longer = change_settings(
        config, target={"horizons": (1, 5, 10)}, features={"select": ("default",)}
    )
    with Ledger.to_write(other_home.ledger) as ledger:
        context = make_context(other_home, longer, load_market(longer, NOW), ledger, FIRST + 1)
        failures = issue_forecasts(context).failures
        other = ledger.issued(market.panel.sessions[FIRST + 1].date())
    network = other[other["model"] == "network"].reset_index(drop=True)
    assert not failures and set(other[other["model"] == "har"]["horizon"]) == {10}
    for name in ("ticker", "horizon", "variance", "lower", "upper"):
        pd.testing.assert_series_equal(network[name], expected[name])


def test_a_new_ticker_is_forecast_by_har_until_a_network_knows_it(
    promoted_home, config, prices, tmp_path
):
    bars = pd.read_csv(prices)
    third = bars[bars["ticker"] == "AAA"].assign(ticker="CCC")
    pd.concat([bars, third]).to_csv(tmp_path / "three.csv", index=False)
    wider = change_settings(config, data={"path": str(tmp_path / "three.csv")})
    market = load_market(wider, NOW)
    with Ledger.to_write(promoted_home.ledger) as ledger:
        summary = run_next(promoted_home, wider, market, ledger)
        issued = ledger.issued(market.panel.sessions[FIRST + 1].date())
        reasons = ledger.table("decisions").query("action == 'registered'")["reason"]
    assert summary.trained == "network 3" and "does not know CCC" in reasons.iloc[-1]
    by_ticker = issued.groupby("ticker")["model"].unique().str.join(", ")
    assert dict(by_ticker) == {"AAA": "network", "BBB": "network", "CCC": "har"}


def test_a_ticker_without_bars_leaves_training_and_other_tickers_alone(
    promoted_home, config, prices, tmp_path
):
    bars = pd.read_csv(prices)
    bars[bars["ticker"] == "AAA"].to_csv(tmp_path / "one.csv", index=False)
    one = change_settings(config, data={"path": str(tmp_path / "one.csv")})
    market = load_market(one, NOW)
    with Ledger.to_write(promoted_home.ledger) as ledger:
        summary = run_next(promoted_home, one, market, ledger)
        issued = ledger.issued(market.panel.sessions[FIRST + 1].date())
        assert summary.trained is None
        assert summary.notes == (f"no forecast for BBB: no bar on {summary.origin}",)
        assert set(zip(issued["ticker"], issued["model"], strict=True)) == {("AAA", "network")}
        assert verify_and_rebuild(ledger, promoted_home, newest=4) == 4


def test_bars_revised_on_the_same_day_change_no_issued_forecast(promoted_home, config, market):
    panel = market.panel
    x, variance = np.array(panel.x), panel.variance.copy()
    x[FIRST], variance[FIRST] = x[FIRST] + 0.1, variance[FIRST] * 1.3
    changed = replace(panel, x=FeatureTable.from_array(x), variance=variance)
    revised = replace(market, panel=changed)
    with Ledger.to_write(promoted_home.ledger) as ledger:
        before = ledger.table("forecasts")
        summary = run_daily_cycle(make_context(promoted_home, config, revised, ledger))
        assert summary.forecasts == 0
        pd.testing.assert_frame_equal(ledger.table("forecasts"), before)


def test_a_change_of_champion_after_the_forecasts_were_issued_waits_for_the_next_run(
    promoted_home, config, market
):
    with Ledger.to_write(promoted_home.ledger) as ledger:
        before = ledger.issued(market.panel.sessions[FIRST].date())
        registry = make_context(promoted_home, config, market, ledger).registry_view.registry
        for number in (1, 2):
            if registry.champion().number != number:
                registry.apply_change(registry.plan_promotion(number))
            run_daily_cycle(make_context(promoted_home, config, market, ledger), if_due=False)
        after = ledger.issued(market.panel.sessions[FIRST].date())
    pd.testing.assert_frame_equal(after, before)


def test_a_network_trained_in_a_second_call_leaves_the_issued_forecast_of_har(
    tmp_path, config, market
):
    """HAR is fitted with each training: that of the first call has been issued."""
    home, quiet = Home(tmp_path), change_settings(config, job={"shadow_sessions": 0})
    with Ledger.to_write(home.ledger) as ledger:
        run_daily_cycle(make_context(home, quiet, market, ledger, FIRST - 1))
        first = run_daily_cycle(make_context(home, quiet, market, ledger))
        before = ledger.issued(market.panel.sessions[FIRST].date())
        second = run_daily_cycle(make_context(home, quiet, market, ledger), if_due=False)
        after = ledger.issued(market.panel.sessions[FIRST].date())
    assert (first.trained, second.trained) == (None, "network 3") and second.forecasts == 8
    assert set(before["model"]) == {"har"}
    pd.testing.assert_frame_equal(after, before)


def test_if_har_cannot_be_fitted_the_champion_is_still_issued(
    home, config, market, ledger, far_better, monkeypatch
):
    def fail(*_):
        raise DataError("nothing to fit on")

    monkeypatch.setattr(issue, "fit_har", fail)
    summary = run_daily_cycle(make_context(home, config, market, ledger))
    assert summary.champion == "network 2" and len(ledger.issued(summary.origin)) == 4
    assert [alert.subject for alert in summary.raised] == ["fallback"]


def test_a_history_too_short_for_har_is_an_error(home, config, market, ledger):
    with pytest.raises(DataError, match="too little history"):
        run_daily_cycle(make_context(home, config, market, ledger, 20))


def test_a_run_before_the_newest_training_does_not_use_that_network(home, config, market, ledger):
    """As after an older ledger was restored: the network was trained on later sessions."""
    with pytest.raises(KeyboardInterrupt), pytest.MonkeyPatch.context() as patched:
        patched.setattr(retrain, "record_newest_training", interrupt)
        run_daily_cycle(make_context(home, config, market, ledger, FIRST + 40))
    summary = run_daily_cycle(make_context(home, config, market, ledger))
    rows = ledger.table("forecasts")
    assert "network 2 produced no forecast: it was trained on later sessions" in summary.notes
    networks = rows[rows["model"] == "network"]
    assert set(networks["model_version"]) <= {"3"}
    before = str(market.panel.sessions[FIRST - 1].date())
    assert set(rows[rows["model"] == "har"]["model_version"]) == {before}


def test_further_intervals_are_in_the_ledger_and_the_chain_holds(promoted_home, config, market):
    several = change_settings(config, report={"intervals": (0.5, 0.95)})
    with Ledger.to_write(promoted_home.ledger) as ledger:
        before = ledger.issued(market.panel.sessions[FIRST].date())
        issue_forecasts(make_context(promoted_home, several, market, ledger, FIRST + 1))
        issued = ledger.issued(market.panel.sessions[FIRST + 1].date())
    assert before["intervals"].isna().all() and issued["intervals"].notna().any()
    bounded = issued["lower"].notna()
    assert (issued.loc[bounded, "interval_level"] == several.report.interval).all()
    assert issued.loc[~bounded, "interval_level"].isna().all()
    for row in issued[issued["intervals"].notna()].itertuples():
        (low, high), (lower, upper) = (json.loads(row.intervals)[key] for key in ("0.5", "0.95"))
        assert lower <= row.lower <= low <= row.variance <= high <= row.upper <= upper
    with Ledger.to_read(promoted_home.ledger) as ledger:
        assert verify(ledger).head is not None
        readable = select_readable(ledger.table("scored"), "forecasts")
    rows = volcast.load(promoted_home.folder).forecasts
    assert (rows["volatility_lower_95"] <= rows["volatility_lower"]).all()
    of_champion = readable[readable["role"] == "champion"]
    newest = of_champion[of_champion["50 %"] != ""].iloc[-1]
    own = rows[(rows["ticker"] == newest["ticker"]) & (rows["horizon"] == newest["horizon"])]
    lower, upper = own[["volatility_lower_95", "volatility_upper_95"]].to_numpy()[0]
    assert newest["95 %"] == f"{lower:.1f}\N{EN DASH}{upper:.1f}"
    assert (readable.loc[readable["origin"] < newest["origin"], ["50 %", "95 %"]] == "").all(
        axis=None
    )
