"""`volcast verify`: leaks planted in features and models are found and named, honest runs pass."""

import json

import numpy as np
import pandas as pd
import pytest

from tests.parameters import mark_slow
from tests.pipeline.job.samples import NOW
from tests.pipeline.samples import volcast
from volcast.features import registry
from volcast.models.baselines.catalogue import BASELINES
from volcast.models.baselines.ewma import EWMA
from volcast.models.baselines.naive import LastValue
from volcast.models.forecaster import Sample
from volcast.pipeline.backtest.look_ahead.probe import choose_feature_probes, choose_fold_probes
from volcast.pipeline.backtest.run import run
from volcast.pipeline.backtest.splits import Fold
from volcast.pipeline.config.load import load_config

RECENT = 0.95  # share of the sessions after which the latest leaks begin
HAR = ["har_1", "har_5", "har_22"]
MEMORY = {}  # of what is computed once per ticker; empty in a new process


def next_day(bars):
    """Tomorrow's variance."""
    return np.concatenate([bars.variance[1:], bars.variance[:1]])


def next_day_recently(bars):
    """Tomorrow's variance in the last 5 % of the sessions, today's before."""
    recent = np.arange(len(bars.variance))[:, None] > RECENT * len(bars.variance)
    return np.where(recent, next_day(bars), bars.variance)


def standardised(bars):
    """Standardised by mean and deviation of the whole history, as is often seen."""
    return (bars.variance - np.nanmean(bars.variance, 0)) / np.nanstd(bars.variance, 0)


def backfilled(bars):
    """A volume of today that is tomorrow's on Mondays only."""
    result = np.log(bars.volume)
    mondays = np.flatnonzero(bars.sessions.day_of_week == 0)
    result[mondays] = result[np.minimum(mondays + 1, len(result) - 1)]
    return result


def standardised_once(bars):
    """Standardised by the whole history, whose mean and deviation are kept by ticker."""
    scaled = np.empty_like(bars.variance)
    for at, ticker in enumerate(bars.tickers):
        own = bars.variance[:, at]
        mean, deviation = MEMORY.setdefault(ticker, (np.nanmean(own), np.nanstd(own)))
        scaled[:, at] = (own - mean) / deviation
    return scaled


class Peeking(LastValue):
    """The variance of the next day, as far as it can get hold of it."""

    first = 0.0  # share of the sessions that it is handed after which it begins

    def forecast(self, sample, origins):
        rows = np.arange(origins.start, origins.stop)
        rows = rows + (rows > self.first * len(sample.variance))
        variance = sample.variance[np.minimum(rows, len(sample.variance) - 1)]
        return np.repeat(variance[:, :, None], len(sample.horizons), axis=2)


class PeekingRecently(Peeking):
    """Tomorrow's variance in the last 5 % of the sessions only."""

    first = RECENT


class Smoothed(LastValue):
    """The mean over all that it is handed for the forecast, the later origins included."""

    def forecast(self, sample, origins):
        variance = super().forecast(sample, origins)
        return np.where(np.isfinite(variance), np.nanmean(sample.variance), np.nan)


class SmoothedOnce(Smoothed):
    """The same, computed once for each number of sessions and kept."""

    def forecast(self, sample, origins):
        size = len(sample.sessions)
        if size not in MEMORY:
            MEMORY[size] = super().forecast(sample, origins)
        return MEMORY[size]


class Greedy(LastValue):
    """The mean over all that it is handed for the fit."""

    def fit(self, sample, split):
        self.mean_ = np.nanmean(sample.variance)
        return self

    def forecast(self, sample, origins):
        return np.where(np.isfinite(super().forecast(sample, origins)), self.mean_, np.nan)


@pytest.fixture
def leaking_run(small, tmp_path, monkeypatch):
    """Return a function that trains a run with a planted feature or model."""
    MEMORY.clear()

    def train(*, feature=None, model=None):
        select = HAR
        if feature is not None:
            entry = registry.Feature("planted", "planted", feature, feature.__doc__, optional=True)
            monkeypatch.setitem(registry.FEATURES, "planted", entry)
            select = [*HAR, "planted"]
        if model is not None:
            monkeypatch.setitem(BASELINES, "ewma", model)
        config = load_config(small, {"features": {"select": select}, "model": {"epochs": 1}})
        run(tmp_path / "run", config, now=NOW, until="train")
        MEMORY.clear()  # as when verify is called later
        return tmp_path / "run"

    return train


def test_the_features_and_models_of_the_product_pass(finished):
    answer = volcast("verify", finished)
    assert answer.code == 0, answer.err
    limits, verdict = (line.strip() for line in answer.err.splitlines()[-2:])
    assert limits.startswith("a test, not a proof: it cannot find ")
    assert verdict.startswith("no look-ahead found in ") and verdict.endswith(" probes")


def test_every_fold_is_probed_in_every_subject_and_counted_for_scripts(finished):
    answer = volcast("verify", finished, "--json", "--probes", "2", "--seed", "7")
    assert (answer.code, answer.err) == (0, "")
    results = pd.DataFrame(json.loads(answer.out))
    results["origin"] = pd.to_datetime(results["origin"])
    assert (results.groupby("subject")["compared"].max() > 500).all()
    assert (results["warning"] == "").all()
    forecasts = pd.read_parquet(finished / "forecasts.parquet")
    tested = forecasts.groupby("fold")["origin"].agg(["min", "max"])
    subjects = ["quality rules", "features", "forecasts", "intervals", "value at risk"]
    assert sorted(results["subject"].unique()) == sorted(subjects)
    for subject in subjects:
        origins = results.loc[results["subject"] == subject, "origin"]
        for first, last in tested.itertuples(index=False):
            assert origins.between(first, last).any(), subject
        # One session must follow the last origin, or nothing could be corrupted.
        assert origins.max() == forecasts["origin"].unique()[-2]


def test_the_origins_follow_from_the_seed_and_every_part_of_time_has_one():
    folds = [Fold(n, slice(0, 9), slice(10, 19), slice(t, t + 50)) for n, t in enumerate((20, 70))]
    assert choose_fold_probes(folds, 3, 1) == choose_fold_probes(folds, 3, 1)
    assert choose_fold_probes(folds, 3, 1) != choose_fold_probes(folds, 3, 2)
    drawn = [
        (fold.number, probe.position, probe.method)
        for fold, probe in choose_fold_probes(folds, 3, 1)
    ]
    assert [number for number, _, _ in drawn] == [0, 0, 0, 1, 1, 1, 1]
    assert all(20 <= at < 69 for number, at, _ in drawn if number == 0)
    assert drawn[-1] == (1, 118, "corrupted")
    assert {method for _, _, method in drawn[:3]} == {"corrupted", "truncated"}
    origins = sorted({probe.position for probe in choose_feature_probes(folds, 1, 1)})
    assert np.histogram(origins[:-5], [0, 5, 10, 15, 20, 70, 120])[0].tolist() == [1] * 6
    assert origins[-5:] == [114, 115, 116, 117, 118]


@pytest.mark.slow
def test_every_feature_there_is_and_every_baseline_pass(small, tmp_path):
    models = ["last_value", "mean_22", "ewma", "har", "garch"]
    given = {"features": {"select": ["all"]}, "baselines": {"models": models}}
    run(tmp_path / "run", load_config(small, given), now=NOW, until="train")
    answer = volcast("verify", tmp_path / "run", "--quiet")
    assert (answer.code, answer.out, answer.err) == (0, "", "")


FEATURES = [next_day, next_day_recently, standardised, backfilled]


@pytest.mark.parametrize("feature", mark_slow(FEATURES, but=[next_day, standardised]))
def test_a_planted_feature_is_found_and_named(leaking_run, feature):
    said = volcast("verify", leaking_run(feature=feature)).complaint
    assert said.startswith("look-ahead: the feature planted of AAA on 201")
    assert "changes when the bars after 201" in said


def test_a_scaler_kept_by_ticker_is_found(leaking_run):
    """No complete bars are computed before the changed ones, so that it keeps wrong values."""
    said = volcast("verify", leaking_run(feature=standardised_once)).complaint
    assert said.startswith("look-ahead: the feature planted of AAA on 201")
    assert "and also when they are restored: it keeps values in memory" in said


@pytest.mark.parametrize("model", mark_slow([Peeking, PeekingRecently, Smoothed], but=[Peeking]))
def test_a_planted_forecaster_is_found_and_named(leaking_run, model):
    said = volcast("verify", leaking_run(model=model)).complaint
    assert said.startswith("look-ahead: the 1-day forecast of ewma for AAA on 201")
    assert "changes when the bars after 201" in said


def test_a_forecaster_that_keeps_what_it_computed_is_found(leaking_run):
    said = volcast("verify", leaking_run(model=SmoothedOnce)).complaint
    assert said.startswith("look-ahead: the 1-day forecast of ewma for AAA on 201")


def test_a_greedy_fit_is_handed_nothing_that_could_leak(leaking_run):
    answer = volcast("verify", leaking_run(model=Greedy))
    assert answer.code == 0, answer.err


def test_a_walk_that_hands_the_fit_too_much_is_found(leaking_run, monkeypatch):
    monkeypatch.setattr(Sample, "until", lambda sample, last: sample)
    assert "forecast of ewma for AAA" in volcast("verify", leaking_run(model=Greedy)).complaint


def test_a_model_that_draws_at_random_is_found(leaking_run):
    generator = np.random.default_rng(1)

    class Random(EWMA):
        def forecast(self, sample, origins):
            return super().forecast(sample, origins) * generator.uniform(0.9, 1.1)

    said = volcast("verify", leaking_run(model=Random)).complaint
    assert "forecast of ewma" in said and "draws at random" in said


def test_a_run_that_is_not_trained_with_its_settings_is_not_verified(run_dir):
    settings = run_dir / "config.toml"
    settings.write_text(settings.read_text().replace("epochs = 3", "epochs = 4"))
    said = volcast("verify", run_dir).complaint
    assert said == (
        f"verify needs the stage train, which is not finished in {run_dir}; run `volcast train "
        f"{run_dir}` first"
    )
