"""Units computed by processes of this machine."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from collections.abc import Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from typing import Any

from volcast.pipeline.cluster.work import Answer, OnStart, Work, compute_unit
from volcast.pipeline.errors import ClusterError
from volcast.pipeline.progress import Progress

ATTEMPTS = 3  # of a unit whose process ends
_state: dict[str, Any] = {}  # of a worker process: the work, and the shared data


class ProcessExecutor:
    """Computes units in processes of their own, each of which keeps TensorFlow; see `Executor`.

    Parameters
    ----------
    processes
        How many.
    """

    def __init__(self, processes: int) -> None:
        self.processes = processes

    def run(
        self, work: Work, units: Sequence[Any], progress: Progress, on_start: OnStart
    ) -> Generator[tuple[int, Answer]]:
        """Yield the answers as they come; a unit whose process was killed is computed again."""
        due = list(range(len(units)))
        lost: Counter[int] = Counter()
        while due:
            try:
                for number, answer in self._run_pool(work, units, due, on_start):
                    due.remove(number)
                    for note in answer.notes:
                        progress.note(note)
                    yield number, answer
            except BrokenProcessPool as error:
                # Units begin in order, so that these were running; which of them ended its process
                # cannot be told.
                lost.update(due[: self.processes])
                number, times = lost.most_common(1)[0]
                if times >= ATTEMPTS:
                    raise ClusterError(
                        f"{describe_unit(number, units)} ended its process {times} times, for want "
                        "of memory perhaps; use fewer processes, or a smaller panel"
                    ) from error
                progress.note(f"a process ended before its result; {len(due)} units are left")

    def _run_pool(
        self, work: Work, units: Sequence[Any], due: Sequence[int], on_start: OnStart
    ) -> Generator[tuple[int, Answer]]:
        """Yield the answers of some units; ``BrokenProcessPool`` if a process ends."""
        workers = min(self.processes, len(due))
        pool = ProcessPoolExecutor(
            workers,
            # A fork would copy TensorFlow's locked threads.
            multiprocessing.get_context("spawn"),
            initializer=_prepare,
            initargs=(replace(work, shared=None),),
        )
        queue = list(due)
        running: dict[Future[Answer], int] = {}
        try:
            while queue or running:
                while queue and len(running) < workers:
                    number = queue.pop(0)
                    on_start(number)
                    running[pool.submit(_compute, units[number])] = number
                for done in wait(running, return_when=FIRST_COMPLETED).done:
                    yield running.pop(done), done.result()
        finally:
            pool.shutdown(cancel_futures=True)


def describe_unit(number: int, units: Sequence[Any]) -> str:
    """Return the name of a unit for a message, such as "unit 3 of 8"."""
    return f"unit {number + 1} of {len(units)}"


def _prepare(work: Work) -> None:
    _state["work"], _state["shared"] = work, work.load(work.file)


def _compute(unit: Any) -> Answer:
    return compute_unit(_state["work"], _state["shared"], unit)
