"""The worker of a node: it keeps the shared data, TensorFlow and its compiled programs."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from volcast.pipeline.cluster.work import Answer, Work, compute_unit
from volcast.pipeline.files import hash_path

PREFIX = "volcast-node-"  # of the folders into which files are copied; the process follows


@dataclass(frozen=True)
class SharedFile:
    """The file of the shared data, as the driver describes it to a node.

    Attributes
    ----------
    path
        Absolute.
    digest
        Of `hash_path`.
    send
        Copy it to every node, even if the node can read the path.
    """

    path: Path
    digest: str
    send: bool = False


class NodeWorker:
    """Computes one unit after the other in a process of a node; Ray makes an actor of it."""

    def __init__(self, work: Work, file: SharedFile) -> None:
        self.work, self.file = work, file
        self.folder: Path | None = None
        self.shared: Any = None

    def load_path(self) -> bool:
        """Load the file at the driver's path; return False if the node has no such file there."""
        if self.file.send or hash_path(self.file.path) != self.file.digest:
            return False
        self.shared = self.work.load(self.file.path)
        return True

    def load_copy(self, parts: Sequence[Any]) -> bool:
        """Write a copy of the file to a folder of this node and load it.

        Parameters
        ----------
        parts
            References of consecutive parts in the object store; one is held at a time.
        """
        import ray

        _remove_abandoned_folders()
        self.folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
        copy = self.folder / self.file.path.name
        _write_parts(copy, (ray.get(part) for part in parts))
        if hash_path(copy) != self.file.digest:
            raise OSError(f"{self.file.path} was changed while it was sent to the nodes")
        self.shared = self.work.load(copy)
        return True

    def compute(self, unit: Any) -> Answer:
        """Return the answer of a unit."""
        return compute_unit(self.work, self.shared, unit)

    def close(self) -> None:
        """Delete the copy of the file."""
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)


def _write_parts(path: Path, parts: Iterable[bytes]) -> None:
    with path.open("wb") as file:
        for part in parts:
            file.write(part)


def _remove_abandoned_folders() -> None:
    """Delete the copies of workers that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*-*"):
        process = folder.name.removeprefix(PREFIX).partition("-")[0]
        if process.isdigit() and not _is_running(int(process)):
            shutil.rmtree(folder, ignore_errors=True)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
