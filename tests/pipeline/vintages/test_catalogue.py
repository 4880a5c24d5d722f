"""Which vintages the settings name, and which one a training may use."""

import shutil

import numpy as np
import pytest

from tests.pipeline.pretraining.samples import CUT_OFFS
from volcast.features.definitions import DEFINITIONS
from volcast.models.pretrained.vintage_folder import RECORD, read_record
from volcast.pipeline.config.load import load_config, resolve_settings
from volcast.pipeline.errors import ConfigError
from volcast.pipeline.vintages.catalogue import (
    check_features,
    find_vintages,
    hash_vintages,
    load_usable_vintage,
)


def settings(pretrained):
    return load_config(None, {"model": {"pretrained": str(pretrained)}})


EDGES = {
    "2018-06-29": None,
    "2018-07-02": "2018-06",
    "2018-12-31": "2018-06",
    "2019-01-02": "2018-12",
}


@pytest.mark.parametrize("first_untrained", EDGES)
def test_the_newest_vintage_that_ended_before_the_validation_part_is_used(
    vintages, first_untrained
):
    found = load_usable_vintage(settings(vintages), np.datetime64(first_untrained))
    assert (found.name if found else None) == EDGES[first_untrained]


def test_none_names_no_vintage():
    assert find_vintages(settings("none")) == []


def test_the_shipped_vintages_are_whole_and_end_by_their_names():
    shipped = find_vintages(settings("shipped"))
    assert len(shipped) >= 8
    for stored in shipped:
        vintage = load_usable_vintage(settings("shipped"), stored.last_target + 1)
        assert vintage.name == stored.name == str(stored.last_target)[:7]
        assert vintage.horizons == (1, 5, 22)


def test_a_folder_without_vintages_is_explained(tmp_path):
    with pytest.raises(
        ConfigError, match=r"model\.pretrained: .* holds no pretrained vintage.*'none'"
    ):
        find_vintages(settings(tmp_path))


def test_a_damaged_vintage_is_named_when_it_is_used(vintages, tmp_path):
    copied = shutil.copytree(vintages, tmp_path / "vintages")
    (copied / CUT_OFFS[1] / "network.keras").write_bytes(b"")
    assert load_usable_vintage(settings(copied), np.datetime64("2018-12-31")).name == CUT_OFFS[0]
    with pytest.raises(ConfigError, match=r"network\.keras is missing or was changed"):
        load_usable_vintage(settings(copied), np.datetime64("2019-06-01"))


def test_a_vintage_whose_features_changed_since_is_refused(vintages, tmp_path, monkeypatch):
    record = read_record(vintages / CUT_OFFS[0])
    assert record["card"]["feature_definitions"] == DEFINITIONS
    check_features(record)
    with pytest.raises(ValueError, match="har_7 no longer exist; pretrain it again"):
        check_features({**record, "features": [*record["features"], "har_7"]})
    monkeypatch.setattr("volcast.pipeline.vintages.catalogue.DEFINITIONS", DEFINITIONS + 1)
    with pytest.raises(ValueError, match=r"up to 2018-06-29 cannot be used: its features changed"):
        check_features(record)
    copied = shutil.copytree(vintages, tmp_path / "vintages")  # one that is not in memory
    with pytest.raises(ConfigError, match=r"model\.pretrained: .* its features changed since"):
        load_usable_vintage(settings(copied), np.datetime64("2018-07-03"))


def test_a_relative_folder_of_vintages_is_recorded_with_its_whole_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert resolve_settings(settings("own")).model.pretrained == str(tmp_path / "own")
    for name in ("shipped", "none"):
        assert resolve_settings(settings(name)).model.pretrained == name


def test_a_changed_vintage_changes_the_hash_that_stages_depend_on(vintages, tmp_path):
    copied = shutil.copytree(vintages, tmp_path / "vintages")
    before = hash_vintages(settings(copied))
    assert list(before) == list(CUT_OFFS)
    record = copied / CUT_OFFS[0] / RECORD
    shutil.copy(copied / CUT_OFFS[1] / RECORD, record)
    assert hash_vintages(settings(copied))[CUT_OFFS[0]] != before[CUT_OFFS[0]]
