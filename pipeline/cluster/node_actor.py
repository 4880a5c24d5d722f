"""The Ray actor of a node, which any version of volcast can start."""

from __future__ import annotations

from typing import Any


def make_actor_class() -> type:
    """Return the class of the actor.

    A class that is defined inside a function is sent by value: a node with another version of
    volcast, or with none, can be asked for its version. Only then `begin` imports the worker.
    """

    class NodeActor:
        def read_version(self) -> str:
            try:
                from volcast.pipeline.version import __version__
            except ImportError:
                return ""
            return __version__

        def begin(self, work: Any, file: Any) -> bool:
            from volcast.pipeline.cluster.node_worker import NodeWorker

            self.worker = NodeWorker(work, file)
            return self.worker.load_path()

        def load_copy(self, parts: Any) -> bool:
            return self.worker.load_copy(parts)

        def compute(self, unit: Any) -> Any:
            return self.worker.compute(unit)

        def close(self) -> None:
            if hasattr(self, "worker"):
                self.worker.close()

    return NodeActor
