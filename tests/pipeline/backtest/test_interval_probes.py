"""Intervals and tails that use later outcomes are found."""

import pytest

from volcast.pipeline.backtest.fold_folder import FORECASTS, read_fold_tables
from volcast.pipeline.backtest.folds import build_folds
from volcast.pipeline.backtest.look_ahead import interval_probes
from volcast.pipeline.backtest.look_ahead.probe import SEED, choose_fold_probes
from volcast.pipeline.backtest.run_folder import BARS, MODEL, read_config, read_table
from volcast.pipeline.errors import VerificationError
from volcast.pipeline.panel.build import build_grids


@pytest.fixture
def probe(finished, panel):
    """Return a function that runs the probes of the finished run."""
    config = read_config(finished)
    bars = build_grids(read_table(finished / BARS), config)
    stored = read_fold_tables(sorted((finished / MODEL).glob("fold-*")), FORECASTS)
    probes = choose_fold_probes(build_folds(panel, config), 1, SEED)
    return lambda: list(interval_probes.probe_intervals(stored, panel, bars, probes, config, SEED))


def test_the_intervals_and_tails_of_the_product_pass(probe):
    results = probe()
    assert {result.subject for result in results} == {"intervals", "value at risk"}
    assert all(result.compared > 100 for result in results[2:])  # tails need 250 residuals


def test_an_interval_that_knows_the_errors_of_the_whole_sample_is_found(probe, monkeypatch):
    build = interval_probes.build_forecast_table

    def build_from_all_errors(folds, level, further):
        table = build(folds, level, further)
        error = (table["realized"] / table["variance"]).quantile(level)
        return table.assign(upper=table["variance"] * error)

    monkeypatch.setattr(interval_probes, "build_forecast_table", build_from_all_errors)
    with pytest.raises(VerificationError, match=r"look-ahead: upper of \w+ for AAA on 201"):
        probe()


def test_a_value_at_risk_that_knows_its_own_return_is_found(probe, monkeypatch):
    build = interval_probes.tail_forecasts

    def build_with_own_return(rows):
        table = build(rows)
        return table.assign(var=table["var"] + 0.01 * table["log_return"])

    monkeypatch.setattr(interval_probes, "tail_forecasts", build_with_own_return)
    with pytest.raises(VerificationError, match=r"look-ahead: var of \w+ for AAA on 201"):
        probe()
