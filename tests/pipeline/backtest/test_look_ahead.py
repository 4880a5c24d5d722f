import json

import numpy as np
import pytest

from tests.pipeline.samples import volcast
from volcast.features import registry
from volcast.models.baselines.catalogue import BASELINES
from volcast.models.baselines.ewma import EWMA
from volcast.models.baselines.naive import LastValue
from volcast.models.forecaster import Sample


def next_day(bars):
    """Tomorrow's variance."""
    return np.concatenate([bars.variance[1:], bars.variance[:1]])


def standardised(bars):
    """Standardised by mean and deviation of the whole history, as is often seen."""
    return (bars.variance - np.nanmean(bars.variance, 0)) / np.nanstd(bars.variance, 0)


def backfilled(bars):
    """A volume of today that is tomorrow's on Mondays only."""
    result = np.log(bars.volume)
    mondays = np.flatnonzero(bars.sessions.day_of_week == 0)
    result[mondays] = result[np.minimum(mondays + 1, len(result) - 1)]
    return result


class Peeking(LastValue):
    """The variance of the next day, as far as it can get hold of it."""

    def forecast(self, sample, origins):
        rows = np.arange(origins.start, origins.stop) + 1
        variance = sample.variance[np.minimum(rows, len(sample.variance) - 1)]
        return np.repeat(variance[:, :, None], len(sample.horizons), axis=2)


class Smoothed(LastValue):
    """The mean over all that it is handed for the forecast, the later origins included."""

    def forecast(self, sample, origins):
        variance = super().forecast(sample, origins)
        return np.where(np.isfinite(variance), np.nanmean(sample.variance), np.nan)


class Greedy(LastValue):
    """The mean over all that it is handed for the fit."""

    def fit(self, sample, split):
        self.mean_ = np.nanmean(sample.variance)
        return self

    def forecast(self, sample, origins):
        return np.where(np.isfinite(super().forecast(sample, origins)), self.mean_, np.nan)


def plant_feature(monkeypatch, run_dir, compute):
    planted = registry.Feature("planted", "planted", compute, compute.__doc__, optional=True)
    monkeypatch.setitem(registry.FEATURES, "planted", planted)
    config = (run_dir / "config.toml").read_text()
    chosen = config.replace('select = ["default"]', 'select = ["default", "planted"]')
    assert chosen != config
    (run_dir / "config.toml").write_text(chosen)


def test_the_features_and_models_of_the_product_pass(finished):
    answer = volcast("verify", finished)
    assert answer.code == 0, answer.err
    assert answer.err.splitlines()[-1].strip() == "no look-ahead found"


def test_the_proofs_are_counted_for_scripts(finished):
    answer = volcast("verify", finished, "--json")
    assert (answer.code, answer.err) == (0, "")
    proofs = json.loads(answer.out)
    kinds = [(proof["subject"], proof["proof"]) for proof in proofs]
    assert {kinds.count(kind) for kind in set(kinds)} == {2, 7}
    assert set(kinds) == {
        (subject, proof)
        for subject in ("features", "forecasts")
        for proof in ("corrupted", "truncated")
    }
    assert all(proof["compared"] > 500 for proof in proofs)


def test_every_feature_there_is_and_every_baseline_pass(run_dir):
    config = (run_dir / "config.toml").read_text()
    config = config.replace('["default"]', '["all"]')
    config = config.replace('["har", "ewma"]', '["last_value", "mean_22", "ewma", "har", "garch"]')
    (run_dir / "config.toml").write_text(config)
    answer = volcast("verify", run_dir, "--quiet")
    assert (answer.code, answer.out, answer.err) == (0, "", "")


@pytest.mark.parametrize("compute", [next_day, standardised, backfilled])
def test_a_planted_feature_is_found_and_named(run_dir, monkeypatch, compute):
    plant_feature(monkeypatch, run_dir, compute)
    said = volcast("verify", run_dir).complaint
    assert said.startswith("look-ahead: the feature planted of AAA on 201")
    assert "changes when the bars after 201" in said


@pytest.mark.parametrize("model", [Peeking, Smoothed])
def test_a_planted_forecaster_is_found_and_named(run_dir, monkeypatch, model):
    monkeypatch.setitem(BASELINES, "ewma", model)
    said = volcast("verify", run_dir).complaint
    assert said.startswith("look-ahead: the 1-day forecast of ewma for AAA on 201")
    assert "changes when the bars after 201" in said


def test_a_greedy_fit_is_handed_nothing_that_could_leak(run_dir, monkeypatch):
    monkeypatch.setitem(BASELINES, "ewma", Greedy)
    answer = volcast("verify", run_dir)
    assert answer.code == 0, answer.err


def test_a_walk_that_hands_the_fit_too_much_is_found(run_dir, monkeypatch):
    monkeypatch.setitem(BASELINES, "ewma", Greedy)
    monkeypatch.setattr(Sample, "until", lambda sample, last: sample)
    assert "forecast of ewma for AAA" in volcast("verify", run_dir).complaint


def test_a_model_that_draws_at_random_is_found(run_dir, monkeypatch):
    generator = np.random.default_rng(1)

    class Moody(EWMA):
        def forecast(self, sample, origins):
            return super().forecast(sample, origins) * generator.uniform(0.9, 1.1)

    monkeypatch.setitem(BASELINES, "ewma", Moody)
    assert "forecast of ewma" in volcast("verify", run_dir).complaint
