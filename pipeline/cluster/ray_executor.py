"""Units computed by the nodes of a Ray cluster, with one worker on each."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from volcast.pipeline.cluster.local_processes import ATTEMPTS, describe_unit
from volcast.pipeline.cluster.node_actor import make_actor_class
from volcast.pipeline.cluster.node_worker import SharedFile
from volcast.pipeline.cluster.ray_connection import (
    explain_refusal,
    list_nodes,
)
from volcast.pipeline.cluster.work import Answer, OnStart, Work
from volcast.pipeline.errors import ClusterError
from volcast.pipeline.files import hash_path
from volcast.pipeline.progress import Progress
from volcast.pipeline.version import __version__

POLL = 1.0  # seconds between two looks at the nodes of the cluster
PATIENCE = 60.0  # seconds for which a cluster may be without a node that can be used
CLOSING = 5.0  # seconds for the workers to delete their copies of the file
PART = 2**26  # bytes of a file in one object
IDLE = -1  # the unit of a worker that has none


@dataclass
class Node:
    """A node, and what it is doing.

    Attributes
    ----------
    identifier, address, processors
        As Ray knows it.
    then
        Takes the result of what is running there.
    worker
        The actor.
    unit
        The position of the unit that is computed there.
    """

    identifier: str
    address: str
    processors: float
    then: Callable[[Any], None] | None = None
    worker: Any = None
    unit: int = IDLE


@dataclass
class Transfer:
    """What a run has sent and received, in bytes and seconds.

    Attributes
    ----------
    shared_bytes
        Of the shared file; 0 if every node could read its path.
    result_bytes
        Of each unit's answer.
    ready_seconds
        From the start of the run until each node was ready.
    """

    shared_bytes: int = 0
    result_bytes: list[int] = field(default_factory=list)
    ready_seconds: list[float] = field(default_factory=list)


class RayExecutor:
    """Computes units on the nodes of the cluster that this process is connected to.

    A worker takes all processors of its node. A unit whose worker or node ends is computed again
    elsewhere; nodes that join are used, and nodes with another version of volcast are not.

    Parameters
    ----------
    send
        Copy the shared file to every node, even if the node can read its path.
    """

    def __init__(self, *, send: bool = False) -> None:
        self.send = send
        self.transfer = Transfer()

    def run(
        self, work: Work, units: Sequence[Any], progress: Progress, on_start: OnStart
    ) -> Generator[tuple[int, Answer]]:
        """Yield the answers as they come; see `Executor`."""
        if not units:
            return
        run = _Run(replace(work, shared=None), units, progress, on_start, self.send)
        self.transfer = run.transfer
        try:
            while run.left:
                yield from run.step()
        finally:
            run.close()


class _Run:
    """The state of one run: the nodes, what each is doing, and the units that are due."""

    def __init__(
        self,
        work: Work,
        units: Sequence[Any],
        progress: Progress,
        on_start: OnStart,
        send: bool,
    ) -> None:
        path = work.file.resolve()
        self.work, self.units, self.progress, self.on_start = work, units, progress, on_start
        self.file = SharedFile(path, hash_path(path) or "", send)
        self.parts: list[Any] = []
        self.due = deque(range(len(units)))
        self.left = len(units)
        self.lost: Counter[int] = Counter()  # workers, by the unit that they computed
        self.unready: Counter[str] = Counter()  # workers that ended before they were ready, by node
        self.nodes: dict[str, Node] = {}
        self.refused: dict[str, str] = {}
        self.running: dict[Any, Node] = {}  # by the reference of the result
        self.answers: list[tuple[int, Answer]] = []
        self.transfer = Transfer()
        self.is_late_told = False
        self.started = self.usable = time.monotonic()

    def step(self) -> Generator[tuple[int, Answer]]:
        """Use new nodes, give out units, wait a moment; yield the answers that have come."""
        import ray

        self._find_nodes()
        for node in self.nodes.values():
            if node.then is None and self.due:
                self._assign(node, self.due.popleft())
        if not self.running:
            time.sleep(POLL)
            return
        done, _ = ray.wait(list(self.running), num_returns=1, timeout=POLL, fetch_local=False)
        for reference in done:
            self._receive(reference)
        while self.answers:
            yield self.answers.pop()

    def close(self) -> None:
        """End the workers, and let them delete their copies of the file."""
        import ray

        workers = [node.worker for node in self.nodes.values()]
        if workers:
            closing = [worker.close.remote() for worker in workers]
            ray.wait(closing, num_returns=len(closing), timeout=CLOSING, fetch_local=False)
        for worker in workers:
            ray.kill(worker)

    def _find_nodes(self) -> None:
        """Begin with nodes that are new; complain if there has been none for long."""
        alive = list_nodes()
        for identifier, found in alive.items():
            if identifier not in {**self.nodes, **self.refused}:
                node = Node(identifier, found["NodeManagerAddress"], found["Resources"]["CPU"])
                self.nodes[identifier] = node
                self._start_worker(node)
        if self.nodes:
            self.usable = time.monotonic()
        elif alive and self.refused.keys() >= alive.keys():
            raise ClusterError("; ".join(self.refused.values()))
        elif time.monotonic() - self.usable > PATIENCE:
            raise ClusterError(
                f"the cluster has had no node with a processor for {PATIENCE:.0f} s; start one "
                "with `ray start --address HEAD:6379`, and run again to continue"
            )
        if not self.transfer.ready_seconds and not self.is_late_told:
            self._tell_if_late()

    def _tell_if_late(self) -> None:
        if time.monotonic() - self.started > PATIENCE:
            self.is_late_told = True
            self.progress.note(
                "no node is ready yet: a worker needs all processors of its node, which other work "
                "may hold; `ray status` shows it"
            )

    def _start_worker(self, node: Node) -> None:
        """Start the worker of a node and ask it for its version of volcast."""
        import ray

        actor = ray.remote(make_actor_class()).options(
            num_cpus=node.processors,
            # The worker can delete its copy of the file while it computes.
            max_concurrency=2,
            scheduling_strategy=_place_on(node),
        )
        node.worker = actor.remote()
        self._follow(node, node.worker.read_version.remote(), lambda v: self._accept(node, v))

    def _accept(self, node: Node, version: str) -> None:
        """Let a worker load the file, unless it has another version of volcast."""
        import ray

        if version == __version__:
            loaded = node.worker.begin.remote(self.work, self.file)
            self._follow(node, loaded, lambda v: self._load(node, v))
            return
        self.refused[node.identifier] = explain_refusal(node.address, version)
        self.progress.note(self.refused[node.identifier])
        ray.kill(node.worker)
        del self.nodes[node.identifier]

    def _load(self, node: Node, loaded: bool) -> None:
        """Send the file to a node that could not read it."""
        if loaded:
            self.transfer.ready_seconds.append(time.monotonic() - self.started)
            return
        if not self.parts:
            self.parts = _put_parts(self.file.path)
            self.transfer.shared_bytes = self.file.path.stat().st_size
        copied = node.worker.load_copy.remote(self.parts)
        self._follow(node, copied, lambda v: self._load(node, v))

    def _assign(self, node: Node, number: int) -> None:
        self.on_start(number)
        node.unit = number
        answer = node.worker.compute.remote(self.units[number])
        self._follow(node, answer, lambda v: self._finish(node, v))

    def _finish(self, node: Node, answer: Answer) -> None:
        self.left -= 1
        self.answers.append((node.unit, answer))
        node.unit = IDLE
        for note in answer.notes:
            self.progress.note(note)

    def _follow(self, node: Node, reference: Any, then: Callable[[Any], None]) -> None:
        node.then = then
        self.running[reference] = node

    def _receive(self, reference: Any) -> None:
        """Take the result of what a node was doing; if the node or its worker ended, give up on it.

        A node that is still alive is found again, and gets a new worker.
        """
        import ray

        node = self.running.pop(reference)
        try:
            size = _measure(reference)
            value = ray.get(reference)
        except ray.exceptions.RayTaskError as error:
            raise error.cause from error
        except ray.exceptions.RayError as error:
            self._give_up(node, error)
            return
        then, node.then = node.then, None
        if isinstance(value, Answer):
            self.transfer.result_bytes.append(size)
        if then is not None:
            then(value)

    def _give_up(self, node: Node, error: Exception) -> None:
        """Take the unit of a node back; leave the node out if its workers never get ready."""
        del self.nodes[node.identifier]
        reason = type(error).__name__
        if node.unit == IDLE:
            self.unready[node.identifier] += 1
            if self.unready[node.identifier] >= ATTEMPTS:
                self.refused[node.identifier] = f"node {node.address}: no worker starts ({reason})"
                self.progress.note(self.refused[node.identifier])
            return
        self.due.appendleft(node.unit)
        self.lost[node.unit] += 1
        what = describe_unit(node.unit, self.units)
        if self.lost[node.unit] >= ATTEMPTS:
            raise ClusterError(
                f"{what} ended {ATTEMPTS} workers, the last on node {node.address} ({reason}); "
                "Ray's logs there name the cause, which is often too little memory"
            ) from error
        self.progress.note(f"node {node.address}: its worker ended; {what} is computed again")


def _place_on(node: Node) -> Any:
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    return NodeAffinitySchedulingStrategy(node.identifier, soft=False)


def _put_parts(path: Path) -> list[Any]:
    """Put the parts of a file into the object store; it spills to disk if it is too small."""
    import ray

    with path.open("rb") as file:
        return [ray.put(part) for part in iter(lambda: file.read(PART), b"")]


def _measure(reference: Any) -> int:
    """Return the bytes of an object."""
    import ray

    place = ray.experimental.get_object_locations([reference])[reference]
    return int(place["object_size"] or 0)
