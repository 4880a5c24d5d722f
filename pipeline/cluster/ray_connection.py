"""The connection to a Ray cluster: its address, and the version of volcast on each node."""

from __future__ import annotations

import logging
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from typing import Any

from volcast.pipeline.errors import ClusterError, ConfigError
from volcast.pipeline.version import __version__

AUTO = "auto"
CLIENT = "ray://"
HOST_AND_PORT = re.compile(r"[^\s:/]+:\d{1,5}")
PATIENCE = 10  # seconds until an address must answer


def check_address(address: str) -> None:
    """Check that an address is ``auto`` or ``HOST:PORT``, and that Ray is installed.

    Raises
    ------
    ConfigError
        It is not; the message says what to do instead.
    """
    if address.startswith(CLIENT):
        raise ConfigError(
            f"--cluster {address}: a client of Ray loses its work with its connection, and Ray's "
            "documentation advises against it for long work; run volcast on a machine of the "
            "cluster with --cluster auto, or submit it: ray job submit --address "
            "http://HOST:8265 -- volcast run --cluster auto ... (docs/cluster.md)"
        )
    if address != AUTO and not HOST_AND_PORT.fullmatch(address):
        raise ConfigError(
            f"--cluster {address!r} is none of auto, HOST:PORT of a Ray cluster such as "
            "10.0.0.1:6379, or a number of processes such as 4"
        )
    if find_spec("ray") is None:
        raise ConfigError('--cluster needs Ray: pip install "volcast[cluster]"')


@contextmanager
def connect(address: str) -> Iterator[None]:
    """Connect this process to the cluster of which its machine is a node.

    A connection that exists, as in a submitted job, is used and kept.

    Raises
    ------
    ClusterError
        There is no cluster, or this machine is not one of its nodes.
    """
    import ray

    if ray.is_initialized():
        yield
        return
    _check_reachable(address)
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except (ConnectionError, RuntimeError, ValueError, TimeoutError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise ClusterError(
            f"--cluster {address}: no connection ({reason}); volcast must run on a machine of the "
            "cluster: start Ray there with `ray start --address HEAD:6379`"
        ) from error
    try:
        yield
    finally:
        ray.shutdown()


def explain_refusal(node: str, version: str) -> str:
    """Return why a node with another version of volcast is not used; an empty one is none.

    Examples
    --------
    >>> explain_refusal("10.0.0.7", "").partition(";")[0].startswith("node 10.0.0.7 has no volcast")
    True
    """
    found = f"volcast {version}" if version else "no volcast"
    return (
        f"node {node} has {found}, and this machine volcast {__version__}; the node is not used: "
        "install the same version on every node"
    )


def list_nodes() -> dict[str, dict[str, Any]]:
    """Return the nodes that are alive and have a processor, by their identifiers."""
    import ray

    return {
        node["NodeID"]: node
        for node in ray.nodes()
        if node["Alive"] and node["Resources"].get("CPU", 0) > 0
    }


def _check_reachable(address: str) -> None:
    """Raise ``ClusterError`` unless something listens at HOST:PORT; Ray itself waits for long."""
    if address == AUTO:
        return
    host, _, port = address.rpartition(":")
    try:
        with suppress(OverflowError), socket.create_connection((host, int(port)), PATIENCE):
            return
    except OSError as error:
        raise ClusterError(
            f"--cluster {address}: nothing answers there ({error.strerror or error}); give the "
            "address that `ray start --head` has printed"
        ) from error
