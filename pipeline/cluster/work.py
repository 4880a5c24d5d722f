"""The executor protocol: a function of shared data is computed for each of several units."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from volcast.pipeline.cluster.environment import (
    Environment,
    limit_blas_threads,
    read_blas_threads,
    read_environment,
)
from volcast.pipeline.progress import Progress

OnStart = Callable[[int], None]


@dataclass(frozen=True)
class Work:
    """A function of shared data and of a unit, such as a panel and a fold.

    Attributes
    ----------
    compute
        ``compute(shared, unit, progress)`` returns arrays and frames; it writes nothing. Other
        processes import it, so that it is a function of a module or a `functools.partial` of one.
    load
        ``load(file)`` returns the shared data; likewise.
    file
        Holds the shared data, which every process and every node reads once.
    shared
        What `load` has returned in this process.
    threads
        How many units one process may compute at once.
    blas_threads
        Of this process; others use as many, since the order of sums depends on it.
    """

    compute: Callable[[Any, Any, Progress], Any]
    load: Callable[[Path], Any]
    file: Path
    shared: Any
    threads: int = 1
    blas_threads: int = field(default_factory=read_blas_threads)


@dataclass(frozen=True)
class Answer:
    """The result of a unit, and what is to be known of its computation.

    Attributes
    ----------
    value
        What `Work.compute` has returned.
    environment
        Where it was computed.
    seconds
        Wall-clock time of the computation.
    notes
        Messages for the progress display that were not shown yet.
    """

    value: Any
    environment: Environment
    seconds: float
    notes: tuple[str, ...] = ()


class Executor(Protocol):
    """Computes units, and hands their results to this process, which alone writes files."""

    def run(
        self, work: Work, units: Sequence[Any], progress: Progress, on_start: OnStart
    ) -> Generator[tuple[int, Answer]]:
        """Yield the position of each unit and its answer, as soon as it has been computed.

        Closing the generator ends what is being computed.

        Parameters
        ----------
        work
            The function, and the shared data.
        units
            Its second arguments.
        progress
            Receives messages.
        on_start
            Called with the position of each unit that is begun.

        Raises
        ------
        ClusterError
            A unit cannot be computed because its process or its node ends every time.
        """
        ...


def compute_in_order(
    executor: Executor, work: Work, units: Sequence[Any], progress: Progress, on_start: OnStart
) -> list[Any]:
    """Return what `Work.compute` returns of each unit, in the order of the units."""
    found: dict[int, Any] = {}
    with closing(executor.run(work, units, progress, on_start)) as answers:
        for number, answer in answers:
            found[number] = answer.value
    return [found[number] for number in range(len(units))]


@dataclass
class CollectedNotes(Progress):
    """Keeps messages, to be shown by another process."""

    notes: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        """Keep the message."""
        self.notes.append(text)


def compute_unit(work: Work, shared: Any, unit: Any) -> Answer:
    """Return the answer of a unit, computed in another process than the driver's."""
    progress = CollectedNotes()
    started = time.perf_counter()
    with limit_blas_threads(work.blas_threads):
        value = work.compute(shared, unit, progress)
        environment = read_environment()
    seconds = time.perf_counter() - started
    return Answer(value, environment, seconds, tuple(progress.notes))
