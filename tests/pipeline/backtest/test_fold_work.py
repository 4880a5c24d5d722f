"""Folds from other processors: compared with this machine's, and their vintages checked."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from volcast.pipeline.backtest import fold_work
from volcast.pipeline.backtest.fold_folder import read_environments
from volcast.pipeline.backtest.fold_work import (
    EnvironmentCheck,
    build_fold_work,
    compare_forecasts,
    use_own_vintage,
)
from volcast.pipeline.backtest.folds import build_folds
from volcast.pipeline.backtest.run_folder import FEATURES, MODEL, read_config, read_manifest
from volcast.pipeline.backtest.walk_forward import run_fold
from volcast.pipeline.cluster.environment import Environment, read_environment
from volcast.pipeline.cluster.work import Answer, CollectedNotes
from volcast.pipeline.errors import ClusterError
from volcast.pipeline.progress import Progress

OTHER = Environment("another processor", "2.0", 1)


@pytest.fixture(scope="module")
def config(finished):
    return read_config(finished)


@pytest.fixture(scope="module")
def folds(panel, config):
    return build_folds(panel, config)


@pytest.fixture(scope="module")
def result(panel, config, folds):
    return run_fold(panel, folds[1], config, Progress())


def change(result, model, factor):
    """The result with the forecasts of a model multiplied."""
    parts = [
        part.assign(variance=part["variance"] * factor) if (part["model"] == model).all() else part
        for part in result.parts
    ]
    return replace(result, parts=parts)


def test_a_ratio_is_measured_model_by_model_in_both_directions(result):
    found = compare_forecasts(change(result, "har", 1 / 1.25), result)
    assert found["har"] == pytest.approx((0.25, 0.25))
    assert found["ewma"] == (0.0, 0.0)
    reverse = compare_forecasts(result, change(result, "har", 1 / 1.25))
    assert reverse["har"] == pytest.approx(found["har"])


def test_a_forecast_that_only_one_has_is_beyond_every_tolerance(result):
    assert compare_forecasts(result, change(result, "har", float("nan")))["har"][0] == float("inf")
    fewer = replace(result, parts=result.parts[1:])
    assert compare_forecasts(result, fewer)["network"][0] == float("inf")


def test_one_fold_of_each_other_environment_is_computed_here_again(
    panel, config, folds, result, monkeypatch
):
    computed = []
    monkeypatch.setattr(fold_work, "run_fold", lambda *_: computed.append(1) or result)
    check, progress = EnvironmentCheck(panel, config), CollectedNotes()
    check.check(Answer(result, read_environment(), 1.0), folds[1], progress)
    assert not computed
    for _ in range(2):
        check.check(Answer(change(result, "har", 1.001), OTHER, 1.0), folds[1], progress)
    assert len(computed) == 1
    assert check.largest[OTHER] == pytest.approx(0.001)
    assert "another processor" in progress.notes[0]


@pytest.mark.parametrize("factor", [1.06, 1.003])
def test_a_difference_beyond_the_tolerance_stops_the_run(
    panel, config, folds, result, factor, monkeypatch
):
    monkeypatch.setattr(fold_work, "run_fold", lambda *_: result)
    check = EnvironmentCheck(panel, config)
    answer = Answer(change(result, "network", factor), OTHER, 1.0)
    with pytest.raises(ClusterError, match="forecasts of network from another processor"):
        check.check(answer, folds[1], Progress())


def test_another_vintage_than_this_machines_is_refused(panel, config, folds, result, monkeypatch):
    assert use_own_vintage(result, panel, folds[1], config) is result
    own = SimpleNamespace(name="2016-12", digest="abcdef0123456789")
    monkeypatch.setattr(fold_work, "load_usable_vintage", lambda config, first: own)
    with pytest.raises(ClusterError, match="has used the pretrained network none, this machine"):
        use_own_vintage(result, panel, folds[1], config)


def test_another_file_of_an_own_model_is_refused(finished, panel, config, folds, monkeypatch):
    work = build_fold_work(panel, finished / FEATURES, config)
    monkeypatch.setattr(fold_work, "hash_custom_baselines", lambda _: {"mine:Mean": "other"})
    with pytest.raises(ClusterError, match="another file for this class"):
        work.compute(panel, folds[1], Progress())


def test_a_run_records_where_its_folds_were_computed(finished):
    folders = sorted((finished / MODEL).iterdir())
    here = read_environment().to_dict()
    assert read_environments(folders) == [{**here, "folds": list(range(len(folders)))}]
    train = read_manifest(finished)["stages"]["train"]["summary"]
    assert train["computed_on"] == read_environments(folders)
    assert train["largest_difference"] == {}
