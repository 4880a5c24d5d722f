"""Versions read from MLflow's file are those that MLflow returns."""

import math
import sqlite3
import sys
from contextlib import closing

import pytest

from tests.pipeline.registry.samples import NEEDS_MLFLOW, NOW, facts, model_folder, promote
from volcast.pipeline.registry import sqlite_versions
from volcast.pipeline.registry.registry import NAME, Registry

pytestmark = NEEDS_MLFLOW


def execute(home, statement, *values):
    with closing(sqlite3.connect(home.registry)) as connection, connection:
        return connection.execute(statement, values).fetchall()


def ask_mlflow(registry, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(sqlite_versions, "KNOWN_SCHEMAS", frozenset())
        return registry.versions()


@pytest.fixture
def eventful(three, tmp_path):
    """Versions that were promoted, removed and registered after that; odd numbers among them."""
    promote(three, 3)
    promote(three, 4)
    three.set_challenger(three.version(2))
    odd = {"backtest_qlike_1": math.inf, "backtest_qlike_5": -2.5e-300}
    new = facts("odd", metrics=odd, parameters={"text": "ü = '1'"}, configuration="")
    three.register(model_folder(tmp_path / "odd", "odd"), new, now=NOW)
    three.set_challenger(None)
    assert three.prune(0) == [5, 2]
    three.register(model_folder(tmp_path / "odd", "odd"), new, now=NOW)
    return three


def test_the_versions_are_those_that_mlflow_returns(eventful, monkeypatch):
    read = sqlite_versions.read_versions(eventful.home, NAME)
    assert [each.number for each in read] == [6, 4, 3, 1]
    assert read == ask_mlflow(eventful, monkeypatch)


def test_a_metric_that_is_not_a_number_is_nan(registry, tmp_path, monkeypatch):
    registry.register(
        model_folder(tmp_path / "m", "x"), facts("k", metrics={"loss": math.nan}), now=NOW
    )
    for version in (registry.version(2), ask_mlflow(registry, monkeypatch)[0]):
        assert math.isnan(version.metrics["loss"])


def test_the_schema_of_the_mlflow_in_use_is_known(registry):
    """A new MLflow may change its tables: compare them, then add the revision (decision 0044)."""
    ((schema,),) = execute(registry.home, "SELECT version_num FROM alembic_version")
    assert schema in sqlite_versions.KNOWN_SCHEMAS


def test_a_store_of_another_schema_is_read_by_mlflow(three, home, monkeypatch):
    before = three.versions()
    monkeypatch.setattr(sqlite_versions, "KNOWN_SCHEMAS", frozenset({"of later"}))
    assert sqlite_versions.read_versions(home, NAME) is None
    assert Registry(home).versions() == before


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM alembic_version",
        "DROP TABLE params",
        "UPDATE experiments SET artifact_location = 'mlflow-artifacts:/elsewhere'",
        "DELETE FROM registered_model_aliases",
        "DELETE FROM experiments",
    ],
)
def test_an_incomplete_or_moved_store_is_left_to_mlflow(three, home, statement):
    execute(home, statement)
    assert sqlite_versions.read_versions(home, NAME) is None


def test_a_damaged_or_missing_file_is_left_to_mlflow(home):
    home.registry.write_bytes(b"garbage" * 900)
    assert sqlite_versions.read_versions(home, NAME) is None
    home.registry.unlink()
    assert sqlite_versions.read_versions(home, NAME) is None


def test_a_registry_can_be_read_without_mlflow(three, home, monkeypatch):
    for name in ("mlflow", "alembic", "sqlalchemy"):
        monkeypatch.setitem(sys.modules, name, None)
    registry = Registry(home)
    assert registry.champion().model == "har" and len(registry.versions()) == 4
