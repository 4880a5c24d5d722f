"""MLflow's store: damaged, moved along with its home, or elsewhere."""

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from tests.pipeline.registry.samples import NEEDS_MLFLOW, NOW, facts, model_folder, promote
from tests.pipeline.samples import volcast
from volcast.pipeline.home import Home
from volcast.pipeline.registry import mlflow_store
from volcast.pipeline.registry.registry import Registry

pytestmark = NEEDS_MLFLOW


def test_a_damaged_store_is_reported_with_the_remedy(three, home):
    home.registry.write_bytes(b"garbage" * 900)
    complaint = volcast("models", "list", "--home", home.folder).complaint
    assert "registry.db is not available" in complaint and "restore your latest backup" in complaint


def test_a_home_that_was_moved_works(three, home, tmp_path):
    promote(three, 3)
    moved = Home(home.folder.rename(tmp_path / "elsewhere"))
    registry = Registry(moved)
    assert registry.champion().number == 3
    assert moved.folder in registry.folder(registry.champion()).parents
    with closing(sqlite3.connect(moved.registry)) as store:
        for table, column in mlflow_store.ADDRESS_COLUMNS:
            rows = store.execute(f"SELECT {column} FROM {table}").fetchall()
            assert not [row for row in rows if row[0] and str(home.folder) in row[0]]
    listed = registry._client.list_artifacts(registry.champion().run)
    assert {each.path for each in listed} == {"config.toml", "model"}


def test_a_store_elsewhere_keeps_the_models_and_they_are_fetched(template, tmp_path):
    """Another SQLite stands for a server: its artefacts are not under the home."""
    store = tmp_path / "server" / "mlflow.db"
    store.parent.mkdir()
    shutil.copy(template / "registry.db", store)
    uri = f"sqlite:///{store}"
    with closing(sqlite3.connect(store)) as connection, connection:
        before = (template / "models").as_uri()
        shutil.copytree(template / "models", tmp_path / "server" / "models")
        now = (tmp_path / "server" / "models").as_uri()
        for table, column in mlflow_store.ADDRESS_COLUMNS:
            connection.execute(
                f"UPDATE {table} SET {column} = replace({column}, ?, ?)", (before, now)
            )
    one, other = Home(tmp_path / "one"), Home(tmp_path / "other")
    writer = Registry(one, uri)
    writer.register(model_folder(tmp_path / "model", "x"), facts("key"), now=NOW)
    reader = Registry(other, uri)
    promote(reader, 2)
    folder = reader.folder(reader.champion())
    assert other.folder in folder.parents
    assert (folder / "regressor" / "network.keras").read_text() == "xxx"
    assert writer.champion().number == 2
    assert not one.registry.exists()


def test_the_tracking_store_is_the_option_then_the_variable_then_the_home(tmp_path, monkeypatch):
    home = Home(tmp_path)
    assert mlflow_store.is_local(home, mlflow_store.resolve_tracking_uri(home))
    monkeypatch.setenv("VOLCAST_TRACKING_URI", "http://localhost:5000")
    assert mlflow_store.resolve_tracking_uri(home) == "http://localhost:5000"
    assert mlflow_store.resolve_tracking_uri(home, "sqlite:///x.db") == "sqlite:///x.db"
    assert not mlflow_store.is_local(home, "sqlite:///x.db")


@pytest.mark.slow
def test_two_processes_that_make_the_registry_at_once_make_one(tmp_path):
    script = (
        "import sys; from pathlib import Path; from volcast.pipeline.home import Home; "
        "from volcast.pipeline.registry.registry import Registry; "
        "print([each.number for each in Registry(Home(Path(sys.argv[1]))).versions()])"
    )
    command = [sys.executable, "-c", script, tmp_path]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for process in both:
        said, _ = process.communicate(timeout=300)
        assert (process.returncode, said) == (0, "[1]\n")
