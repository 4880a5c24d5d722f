import json
import sqlite3

import pytest

from tests.pipeline.registry.samples import CURVES, NEEDS_MLFLOW, promote
from tests.pipeline.serve.samples import CHAMPION
from volcast.pipeline.errors import RegistryError
from volcast.pipeline.home import Home
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.registry.registry import Registry
from volcast.pipeline.serve.reading import registry_store
from volcast.pipeline.serve.reading.ledger_reader import LedgerReader
from volcast.pipeline.serve.reading.versions import (
    find_state,
    read_curves,
    read_recorded_champion,
    read_versions,
)


@pytest.fixture(scope="module")
def registered(tmp_path_factory):
    """A home with HAR and three networks, the third champion; not to be changed."""
    from tests.pipeline.registry.samples import register_networks

    folder = tmp_path_factory.mktemp("registered")
    home = Home(folder / "home")
    opened = Registry(home)
    register_networks(opened, folder)
    promote(opened, 3)
    with Ledger.to_write(home.ledger):
        pass
    return home


def versions_of(home):
    with LedgerReader(home.ledger).snapshot() as connection:
        return read_versions(home, connection)


@NEEDS_MLFLOW
def test_the_versions_are_those_that_mlflow_returns(registered):
    expected = Registry(registered).versions()
    found = versions_of(registered)
    assert [row["version"] for row in found] == [each.number for each in expected]
    for row, version in zip(found, expected, strict=True):
        assert row["facts"] == version.facts
        assert row["parameters"] == version.parameters
        assert tuple(row["aliases"]) == version.aliases
        curves = dict.fromkeys(registry_store.CURVES)
        assert row["metrics"] == {k: v for k, v in version.metrics.items() if k not in curves}
        assert (row["run"], row["source"]) == (version.run, "registry")
    assert next(row for row in found if row["version"] == 3)["promoted_over"] == 1


@NEEDS_MLFLOW
def test_curves_are_medians_by_epoch(registered):
    medians = CURVES.groupby("epoch")[["train_loss", "val_loss"]].median()
    found = read_curves(registered, versions_of(registered)[0]["run"])
    assert found == [
        {"epoch": epoch, **medians.loc[epoch].to_dict()} for epoch in medians.index.tolist()
    ]
    assert read_curves(registered, None) == []


@NEEDS_MLFLOW
def test_a_removed_version_is_not_listed(registered, tmp_path):
    import shutil

    home = Home(shutil.copytree(registered.folder, tmp_path / "home"))
    assert Registry(home).prune(0) == [4, 2]
    assert [row["version"] for row in versions_of(home)] == [3, 1]


def test_tables_of_another_mlflow_are_not_read_but_the_ledger_is(home, tmp_path, monkeypatch):
    import shutil

    copy = Home(shutil.copytree(home.folder, tmp_path / "home"))
    before = find_state(copy)
    with sqlite3.connect(copy.registry) as connection:
        connection.execute("CREATE TABLE model_versions (name, number)")
    assert find_state(copy) != before
    assert not registry_store.has_known_tables(copy.registry)
    (row,) = versions_of(copy)
    assert (row["version"], row["model"], row["source"]) == (2, "network", "ledger")
    assert row["aliases"] == ["champion"]
    assert row["metrics"]["validation_qlike_1_network"] == 0.4
    monkeypatch.setenv("VOLCAST_TRACKING_URI", "http://elsewhere")
    assert versions_of(copy)[0]["source"] == "ledger"


def test_a_damaged_registry_is_named(home, tmp_path):
    (tmp_path / "registry.db").write_bytes(b"no database" * 99)
    with pytest.raises(RegistryError, match=r"registry\.db cannot be read"):
        registry_store.has_known_tables(tmp_path / "registry.db")


def test_the_recorded_champion(home, tmp_path):
    assert read_recorded_champion(home) == CHAMPION
    assert read_recorded_champion(Home(tmp_path)) is None
    Home(tmp_path).champion.write_text(json.dumps({"version": "x"}))
    with pytest.raises(RegistryError, match="is damaged"):
        read_recorded_champion(Home(tmp_path))
