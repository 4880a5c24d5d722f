"""Units computed by threads of this process."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from typing import Any, TypeVar

from volcast.pipeline.cluster.environment import read_environment
from volcast.pipeline.cluster.work import Answer, OnStart, Work
from volcast.pipeline.progress import Progress

T = TypeVar("T")


class ThreadExecutor:
    """Computes units in this process, in order; see `Executor`.

    Networks train one at a time, outside Python's global lock; meanwhile a second thread fits the
    baselines of the next fold or computes forecasts.
    """

    def run(
        self, work: Work, units: Sequence[Any], progress: Progress, on_start: OnStart
    ) -> Generator[tuple[int, Answer]]:
        """Yield the answers in order, with `work.threads` threads."""
        tasks = [partial(_compute, work, unit, progress) for unit in units]
        with closing(run_in_order(tasks, work.threads)) as answers:
            for number in range(len(units)):
                on_start(number)
                yield number, next(answers)


def run_in_order(tasks: Iterable[Callable[[], T]], threads: int) -> Generator[T]:
    """Yield the results of tasks in order.

    Closing the generator waits for the tasks that are running and cancels those after them. Of a
    single thread a task starts when its result is asked for: two results of a large panel are not
    held at once.
    """
    if threads == 1:
        for task in tasks:
            yield task()
        return
    pool = ThreadPoolExecutor(max_workers=threads)
    try:
        jobs = deque(pool.submit(task) for task in tasks)
        while jobs:
            yield jobs.popleft().result()  # dropped at once: the forecasts of a panel are large
    finally:
        pool.shutdown(cancel_futures=True)


def _compute(work: Work, unit: Any, progress: Progress) -> Answer:
    started = time.perf_counter()
    value = work.compute(work.shared, unit, progress)
    return Answer(value, read_environment(), time.perf_counter() - started)
