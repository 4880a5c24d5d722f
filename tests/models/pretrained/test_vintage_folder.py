"""Vintages on disk: what is read back, and what is refused."""

import json
import shutil

import numpy as np
import pytest

from tests.models.pretrained.samples import TICKERS, make_vintage
from tests.models.samples import make_sample
from volcast.models.pretrained.vintage_folder import (
    RECORD,
    copy_vintage,
    list_vintages,
    load_vintage,
)

SAMPLE = make_sample(TICKERS)


def test_a_stored_vintage_is_the_same(stored_vintage, vintage_folder):
    rows = np.ones(SAMPLE.variance.shape, dtype=bool)
    np.testing.assert_array_equal(
        stored_vintage.forecast_log(SAMPLE, rows), make_vintage().forecast_log(SAMPLE, rows)
    )
    assert stored_vintage.name == "2011-02" and stored_vintage.folder == vintage_folder
    assert stored_vintage.groups == make_vintage().groups


def change_date(folder):
    record = json.loads((folder / RECORD).read_text())
    (folder / RECORD).write_text(json.dumps({**record, "last_target": "2009-01-02"}))


DAMAGES = {
    "an edited date": (change_date, "its date, features or files were changed"),
    "another network": (
        lambda folder: (folder / "network.keras").write_bytes(b"x"),
        "network.keras is missing or was changed",
    ),
    "no regressor": (
        lambda folder: (folder / "regressor.json").unlink(),
        "regressor.json is missing or was changed",
    ),
    "half a record": (
        lambda folder: (folder / RECORD).write_text("{"),
        "vintage.json is not the record of a vintage",
    ),
    "no record": (lambda folder: (folder / RECORD).unlink(), "not the record of a vintage"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_vintage_is_refused(tmp_path, vintage_folder, damage):
    folder = shutil.copytree(vintage_folder, tmp_path / "2011-02")
    change, message = DAMAGES[damage]
    change(folder)
    with pytest.raises(ValueError, match=message):
        load_vintage(folder)


def test_vintages_are_listed_by_date_and_not_by_name(tmp_path, stored_vintage, vintage_folder):
    copy_vintage(stored_vintage, tmp_path)
    shutil.copytree(vintage_folder, tmp_path / "a")
    (tmp_path / "notes").mkdir()
    assert [each.name for each in list_vintages(tmp_path)] == ["2011-02", "a"]
    assert list_vintages(tmp_path)[0].last_target == stored_vintage.last_target


def test_a_folder_without_vintages_is_refused(tmp_path):
    with pytest.raises(ValueError, match="holds no pretrained vintage"):
        list_vintages(tmp_path)


def test_a_folder_that_a_killed_process_left_is_no_vintage(tmp_path, vintage_folder):
    """`volcast pretrain` names folders so while it writes and while it replaces one."""
    for name in ("2011-02", ".2011-02.unfinished", ".2011-02.discarded"):
        shutil.copytree(vintage_folder, tmp_path / name)
    assert [each.name for each in list_vintages(tmp_path)] == ["2011-02"]


@pytest.mark.parametrize("name", ["vintage.json", "network.keras"])
def test_a_vintage_that_was_replaced_after_it_was_loaded_is_not_copied(
    tmp_path, vintage_folder, name
):
    folder = shutil.copytree(vintage_folder, tmp_path / "2011-02")
    vintage = load_vintage(folder)
    (folder / name).write_bytes((folder / name).read_bytes() + b" ")
    with pytest.raises(ValueError, match="was changed"):
        copy_vintage(vintage, tmp_path / "copies")
