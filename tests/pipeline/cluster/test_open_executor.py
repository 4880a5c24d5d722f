"""The option `--cluster`: what it accepts, and what it says of the rest."""

import socket

import pytest

from tests.pipeline.samples import volcast
from volcast.pipeline.cluster import ray_connection
from volcast.pipeline.cluster.local_processes import ProcessExecutor
from volcast.pipeline.cluster.open_executor import open_executor
from volcast.pipeline.cluster.ray_connection import _check_reachable, check_address, explain_refusal
from volcast.pipeline.errors import ClusterError
from volcast.pipeline.version import __version__


def test_a_number_stands_for_processes_and_nothing_for_threads():
    with open_executor("3") as executor:
        assert isinstance(executor, ProcessExecutor) and executor.processes == 3
    with open_executor(None) as executor:
        assert executor is None


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("ray://head:10001", "ray job submit"),
        ("ray://head:10001", "--cluster auto"),
        ("somewhere", "none of auto, HOST:PORT"),
        ("head:port", "none of auto, HOST:PORT"),
        ("0", "at least one process"),
    ],
)
def test_other_addresses_are_refused_before_anything_is_written(address, said, small, tmp_path):
    answer = volcast("run", "--config", small, "--out", tmp_path / "r", "--cluster", address)
    assert said in answer.complaint
    assert not (tmp_path / "r").exists()


def test_without_ray_the_extra_is_named(monkeypatch, small, tmp_path):
    monkeypatch.setattr(ray_connection, "find_spec", lambda name: None)
    answer = volcast("run", "--config", small, "--out", tmp_path / "r", "--cluster", "auto")
    assert answer.complaint == '--cluster needs Ray: pip install "volcast[cluster]"'


def test_an_address_at_which_nothing_listens_is_told_at_once(monkeypatch):
    monkeypatch.setattr(ray_connection, "find_spec", lambda name: True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    check_address(address)
    with pytest.raises(ClusterError, match=f"{address}: nothing answers there"):
        _check_reachable(address)


def test_a_refusal_names_both_versions_and_the_node():
    said = explain_refusal("10.0.0.7", "0.1.9")
    assert "10.0.0.7" in said and "volcast 0.1.9" in said and f"volcast {__version__}" in said
