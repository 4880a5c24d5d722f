"""The registry of models on a home of its own."""

import shutil

import pytest

from tests.pipeline.registry.samples import (
    CURVES,
    NEEDS_MLFLOW,
    NOW,
    facts,
    interrupted,
    model_folder,
    promote,
)
from volcast.pipeline.errors import RegistryError
from volcast.pipeline.registry.registry import Registry

pytestmark = NEEDS_MLFLOW


def numbers(registry):
    return [version.number for version in registry.versions()]


def test_har_is_registered_once_and_champion_until_another_is(home, registry):
    for opened in (registry, Registry(home)):
        assert numbers(opened) == [1]
        assert opened.fallback() == opened.champion()
        assert opened.champion().model == "har" and opened.champion().aliases == ("fallback",)
    assert opened.challenger() is None


def test_a_registered_model_has_all_that_is_known_of_it(registry, tmp_path):
    folder = model_folder(tmp_path / "model", "x")
    version = registry.register(folder, facts("key"), now=NOW)
    assert (version.number, version.model, version.aliases) == (2, "network", ())
    assert version.parameters["model.learning_rate"] == "0.001"
    assert version.metrics["backtest_qlike_1"] == 0.5
    known = {
        "key": "key",
        "data_hash": "data",
        "config_hash": "settings",
        "trained_through": "2018-01-02",
        "registered_at": "2018-01-03T23:00:00+00:00",
    }
    assert known.items() <= version.facts.items()
    copied = registry.folder(version)
    assert (copied / "regressor" / "network.keras").read_text() == "xxx"
    shutil.rmtree(folder)
    assert registry.folder(registry.version(2)) == copied


def test_the_curves_are_medians_over_the_members_by_epoch(registry, tmp_path):
    version = registry.register(model_folder(tmp_path / "m", "x"), facts("key"), now=NOW)
    for name in ("train_loss", "val_loss"):
        kept = registry._client.get_metric_history(version.run, name)
        medians = CURVES.groupby("epoch")[name].median()
        assert {each.step: each.value for each in kept} == medians.to_dict()


def test_the_same_model_twice_is_one_version(three, tmp_path):
    again = three.register(tmp_path / "model-3", facts("key 3", qlike=9.0), now=NOW)
    assert again.number == 3 and again.metrics["backtest_qlike_1"] == 0.3
    assert numbers(three) == [4, 3, 2, 1]


def test_a_killed_registration_leaves_no_version_and_starts_again(registry, tmp_path, monkeypatch):
    folder = model_folder(tmp_path / "model", "x")
    for step in ("create_run", "log_batch", "set_terminated", "create_model_version"):
        with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
            patched.setattr(registry._client, step, interrupted)
            registry.register(folder, facts("key"), now=NOW)
        assert numbers(registry) == [1]
    assert registry.register(folder, facts("key"), now=NOW).number == 2
    runs = registry._client.search_runs([registry._experiment])
    assert len(runs) == 2
    assert len(list(registry.home.models.iterdir())) == 2


def test_promotion_moves_the_alias_and_rollback_goes_back_step_by_step(three):
    three.set_challenger(three.version(3))
    assert three.challenger().number == 3
    for number in (2, 3, 4):
        promote(three, number)
        assert three.champion().number == number
    assert three.challenger() is None  # it became champion
    assert three.plan_promotion(4) is None
    for number in (3, 2, 1):
        three.apply_change(three.plan_rollback())
        assert three.champion().number == number
    with pytest.raises(RegistryError, match="version 1 is the first champion: there is no earlier"):
        three.plan_rollback()
    promote(three, 4)
    promote(three, 1)  # demoted to HAR
    assert three.champion().model == "har"
    assert three.champion().aliases == ("champion", "fallback")
    three.set_challenger(three.version(2))
    three.set_challenger(None)
    three.set_challenger(None)
    assert three.challenger() is None


def test_an_unknown_version_is_reported_with_the_known_ones(three):
    with pytest.raises(RegistryError, match="there is no version 9; choose from 4, 3, 2, 1"):
        three.version(9)


def test_prune_never_removes_what_has_an_alias_or_is_rolled_back_to(three):
    promote(three, 2)
    promote(three, 3)
    folders = {number: three.folder(three.version(number)) for number in (2, 3, 4)}
    assert three.prune(4) == []
    assert three.prune(0) == [4]
    assert numbers(three) == [3, 2, 1]
    assert [folders[number].exists() for number in (2, 3, 4)] == [True, True, False]
    three.apply_change(three.plan_rollback())
    assert three.champion().number == 2
    assert three.prune(0) == [3]
    with pytest.raises(RegistryError, match="versions to keep must be 0 or more; got -1"):
        three.prune(-1)


def test_the_numbers_of_removed_versions_are_not_reused(three, tmp_path):
    promote(three, 4)
    assert three.prune(1) == [3, 2]
    new = model_folder(tmp_path / "new", "new")
    assert three.register(new, facts("new"), now=NOW).number == 5
    assert three.prune(0) == [5]
    assert three.register(new, facts("newer"), now=NOW).number == 6


def test_an_altered_or_missing_folder_is_reported(three):
    version = three.version(3)
    folder = three.folder(version)
    (folder / "forecast.json").write_text("4")
    with pytest.raises(RegistryError, match=r"differs from what was registered; restore"):
        three.folder(version)
    shutil.rmtree(folder)
    with pytest.raises(RegistryError, match="is missing"):
        three.folder(version)
