"""What the last digits of a computation depend on: the processor, TensorFlow, BLAS's threads."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

CPU_INFO = Path("/proc/cpuinfo")
NOT_INSTALLED = "none"


@dataclass(frozen=True, order=True)
class Environment:
    """Where a unit was computed; results of equal environments are equal, byte for byte.

    Attributes
    ----------
    processor
        The name of its model, and its architecture.
    tensorflow
        The version.
    blas_threads
        Of matrix products; their number decides the order of sums.
    """

    processor: str
    tensorflow: str
    blas_threads: int

    def to_dict(self) -> dict[str, Any]:
        """Return the attributes by name."""
        return asdict(self)

    def __str__(self) -> str:
        return (
            f"{self.processor}, TensorFlow {self.tensorflow}, {self.blas_threads} threads of BLAS"
        )


def read_environment() -> Environment:
    """Return the environment of this process; TensorFlow is not imported."""
    try:
        tensorflow = importlib.metadata.version("tensorflow")
    except importlib.metadata.PackageNotFoundError:
        tensorflow = NOT_INSTALLED
    return Environment(_read_processor(), tensorflow, read_blas_threads())


def read_blas_threads() -> int:
    """Return the most threads that a BLAS of this process uses; 1 if none is loaded."""
    import scipy.linalg  # noqa: F401 - loads its BLAS, as every fit does
    from threadpoolctl import threadpool_info

    numbers = [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]
    return max(numbers, default=1)


@contextmanager
def limit_blas_threads(threads: int) -> Iterator[None]:
    """Let BLAS use exactly so many threads, whatever the number of processors."""
    import scipy.linalg  # noqa: F401
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=threads, user_api="blas"):
        yield


@cache
def _read_processor() -> str:
    """Return the model of the processor; Python knows it on macOS and Windows only."""
    try:
        lines = CPU_INFO.read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    name = next(named, "") or platform.processor() or "unknown processor"
    return f"{name} ({platform.machine()})"
