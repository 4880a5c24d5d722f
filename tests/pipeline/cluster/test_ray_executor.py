"""A Ray cluster that is really there, its workers, nodes and driver killed (`ray_scenarios`)."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from tests.checkout import ROOT
from volcast.models.regressor.keras_file import read_keras_file
from volcast.pipeline.backtest.run_folder import FORECASTS, HISTORY, MODEL, SCORES
from volcast.pipeline.version import __version__

pytest.importorskip("ray")
pytestmark = pytest.mark.slow


def run_scenarios(folder: Path, *words: object) -> dict:
    command = [sys.executable, "-m", "tests.pipeline.cluster.ray_scenarios", folder, *words]
    paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    answer = subprocess.run(
        [str(word) for word in command],
        cwd=folder,  # Ray lets the workers import from the folder of the driver first
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    return run_scenarios(tmp_path_factory.mktemp("ray"))


def test_units_are_computed_with_their_messages(found):
    assert found["plain"]["values"] == {"0": 41, "1": 42, "2": 43}
    assert sorted(found["plain"]["notes"]) == ["adding 1", "adding 2", "adding 3"]
    assert found["plain"]["shared_bytes"] == 0
    assert len(found["plain"]["result_bytes"]) == 3


def test_the_error_of_a_unit_is_raised_as_it_is(found):
    assert found["failed"]["error"] == "DataError: unit 7 is too short"


def test_what_a_killed_worker_and_a_killed_node_computed_is_computed_again(found):
    killed = found["killed"]
    assert killed["values"] == {str(n): 41 + n for n in range(5)} and not killed["error"]
    again = [note for note in killed["notes"] if "its worker ended" in note]
    assert any("unit 1 of 5 is computed again" in note for note in again)
    assert any(f"unit {n} of 5" in note for n in (3, 4, 5) for note in again)


def test_a_unit_that_always_ends_its_worker_is_given_up(found):
    assert found["given up"]["error"].startswith("ClusterError: unit 1 of 1 ended 3 workers")


def test_an_object_store_that_is_too_small_spills_and_the_run_goes_on(found):
    size = 200 * 2**20
    assert found["spilled"]["values"] == {str(n): [size + n + 1] * 2 for n in range(4)}
    assert found["spilled"]["shared_bytes"] == size
    assert min(found["spilled"]["result_bytes"]) > 60 * 2**20


def test_a_node_with_another_version_is_refused_with_both_versions(found):
    assert found["refused"]["values"] == {str(n): 40 + n for n in range(6)}
    refused = [note for note in found["refused"]["notes"] if "the node is not used" in note]
    assert len(refused) == 1
    assert "has volcast 0.1.9" in refused[0] and f"volcast {__version__}" in refused[0]


def test_a_run_whose_driver_was_killed_ends_with_the_bytes_of_a_serial_run(
    small, finished, tmp_path
):
    found = run_scenarios(tmp_path, small)
    assert found["killed"].endswith("exit code -9")
    assert found["resumed"].endswith("exit code 0")
    assert "reusing 1 finished folds" in found["resumed"]
    run = tmp_path / "run"
    for name in (FORECASTS, SCORES, HISTORY):
        assert (run / name).read_bytes() == (finished / name).read_bytes(), name
    for fold in (finished / MODEL).iterdir():
        there = run / MODEL / fold.name
        pd.testing.assert_frame_equal(
            pd.read_parquet(there / "members.parquet"), pd.read_parquet(fold / "members.parquet")
        )
        assert read_computed_on(there) == read_computed_on(fold)
        assert read_weights(there) == read_weights(fold)


def read_computed_on(fold: Path) -> dict:
    return json.loads((fold / "fold.json").read_text())["computed_on"]


def read_weights(fold: Path) -> list[bytes]:
    """Return the weights; the file itself also holds what HDF5 leaves undefined."""
    return [
        array.tobytes() for array in read_keras_file((fold / "network.keras").read_bytes()).weights
    ]
