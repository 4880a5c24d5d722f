"""From the option `--cluster` to an executor."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from volcast.pipeline.cluster.work import Executor
from volcast.pipeline.errors import ConfigError


@contextmanager
def open_executor(cluster: str | None) -> Iterator[Executor | None]:
    """Yield the executor that an option names, connected to its cluster.

    Parameters
    ----------
    cluster
        ``auto``: the Ray cluster of which this machine is a node; ``HOST:PORT``: that of this
        address; a number: so many processes of this machine; None: threads of this process, for
        which None is returned.

    Raises
    ------
    ConfigError
        It is none of these, or Ray is not installed.
    ClusterError
        There is no cluster at this address.
    """
    if cluster is None:
        yield None
    elif cluster.isdecimal():
        from volcast.pipeline.cluster.local_processes import ProcessExecutor

        if int(cluster) < 1:
            raise ConfigError(f"--cluster {cluster}: give at least one process")
        yield ProcessExecutor(int(cluster))
    else:
        from volcast.pipeline.cluster.ray_connection import check_address, connect
        from volcast.pipeline.cluster.ray_executor import RayExecutor

        check_address(cluster)
        with connect(cluster):
            yield RayExecutor()
