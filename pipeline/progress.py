"""Progress of long runs: a bar on a terminal, plain lines in a pipe, nothing if quiet."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from rich.console import Console

T = TypeVar("T")
WORTH_A_WORD = 10.0  # seconds that are left
LONG_LIST = 20  # items; a shorter list needs no intermediate line


class Progress:
    """Shows nothing; base class of the displays."""

    def stage(self, name: str) -> None:
        """Start a stage."""

    def note(self, text: str) -> None:
        """Show a message on a line of its own."""

    def fold(self, number: int, count: int, first: str) -> None:
        """Start a fold.

        Parameters
        ----------
        number
            Its number, from 0.
        count
            How many folds there are.
        first
            The first test session, as an ISO date.
        """

    def epoch(self, epoch: int, train_loss: float, val_loss: float) -> None:
        """Finish an epoch; the losses are medians over the members."""

    def count(self, done: int, total: int, latest: str, seconds_left: float) -> None:
        """Report that `done` of `total` items are finished.

        Parameters
        ----------
        done, total
            Numbers of items.
        latest
            The item that was finished last.
        seconds_left
            The estimated time to the end.
        """

    def track(self, items: Iterable[T], total: int, describe: Callable[[T], str]) -> Iterator[T]:
        """Yield items, and report each as finished when the next one is asked for.

        An item is not held while the next one is made: parts of large tables are items.

        Parameters
        ----------
        items
            What is worked on.
        total
            How many there are.
        describe
            The name of an item.
        """
        started, done = time.monotonic(), 0
        for item in items:  # not by `enumerate`, which holds the last item
            name, done = describe(item), done + 1
            yield item
            del item
            self.count(done, total, name, _estimate_left(started, done, total))

    @contextmanager
    def running(self) -> Iterator[None]:
        """Return a context manager that shows the display while the work runs."""
        yield


class PlainProgress(Progress):
    """Prints a line for each stage and each fold, for pipes and logs."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._tenth = 0
        self._first_fold: tuple[int, float] | None = None  # its number, and when it began

    def stage(self, name: str) -> None:
        """Print the stage."""
        self._first_fold = None
        self._print(name)

    def note(self, text: str) -> None:
        """Print the message, indented."""
        self._print(f"  {text}")

    def fold(self, number: int, count: int, first: str) -> None:
        """Print the fold, and the estimated time to the end of the last one."""
        left = self._describe_left(number, count)
        self._print(f"  fold {number + 1}/{count}, tested from {first}{left}")

    def count(self, done: int, total: int, latest: str, seconds_left: float) -> None:
        """Print a line at each tenth of a long list."""
        tenth = done * 10 // total
        if total >= LONG_LIST and tenth != self._tenth and done < total:
            self._print(f"  {done}/{total}, {format_duration(seconds_left)} left")
        self._tenth = tenth % 10

    def _describe_left(self, number: int, count: int) -> str:
        """Return the estimated time for a fold and those after it, once that is worth a word."""
        if self._first_fold is None:
            self._first_fold = number, time.monotonic()
            return ""
        first, started = self._first_fold
        if number <= first:
            return ""
        left = _estimate_left(started, number - first, count - first)
        return f", {format_duration(left)} left" if left > WORTH_A_WORD else ""

    def _print(self, text: str) -> None:
        self.console.print(text, highlight=False, markup=False, soft_wrap=True)


class BarProgress(PlainProgress):
    """Shows a live bar over the folds, with epoch and losses next to it."""

    def __init__(self, console: Console) -> None:
        from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as RichProgress

        super().__init__(console)
        self._live = RichProgress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[detail]}"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )
        self._task: Any = self._live.add_task("", total=None, detail="")

    def stage(self, name: str) -> None:
        """Print the stage and start an empty bar for it."""
        super().stage(name)
        self._live.reset(self._task, total=None, description=name, detail="")

    def fold(self, number: int, count: int, first: str) -> None:
        """Advance the bar."""
        self._live.update(
            self._task,
            completed=number,
            total=count,
            description=f"fold {number + 1}/{count} ({first}){self._describe_left(number, count)}",
        )

    def epoch(self, epoch: int, train_loss: float, val_loss: float) -> None:
        """Show epoch and losses next to the bar."""
        detail = f"network, epoch {epoch}: train {train_loss:.4f}, validation {val_loss:.4f}"
        self._live.update(self._task, detail=detail)

    def count(self, done: int, total: int, latest: str, seconds_left: float) -> None:
        """Advance the bar; show the estimated time next to it."""
        detail = f"{latest}, {format_duration(seconds_left)} left"
        description = f"{done}/{total}"
        self._live.update(
            self._task, completed=done, total=total, description=description, detail=detail
        )

    @contextmanager
    def running(self) -> Iterator[None]:
        """Show the bar while the work runs."""
        with self._live:
            yield


def make_progress(console: Console, quiet: bool) -> Progress:
    """Return the display that suits a console: none if quiet, a bar on a terminal, else lines.

    Parameters
    ----------
    console
        Where it is shown.
    quiet
        Whether to show nothing.
    """
    if quiet:
        return Progress()
    return BarProgress(console) if console.is_terminal else PlainProgress(console)


def _estimate_left(started: float, done: int, total: int) -> float:
    """Return the seconds for the remaining items, as long as those since `started` on average."""
    return (time.monotonic() - started) / done * (total - done)


def format_duration(seconds: float) -> str:
    """Return a duration in seconds, minutes or hours, whichever is readable.

    Examples
    --------
    >>> format_duration(40), format_duration(700), format_duration(10_000)
    ('40 s', '12 min', '3 h')
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.0f} h"
