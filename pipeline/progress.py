"""What a long run says while it works: a progress bar on a terminal, plain lines in a pipe."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

LONG_LIST = 20  # things; fewer need no line in between


class Progress:
    """Says nothing; the base of those that speak."""

    def stage(self, name: str) -> None:
        """Begin a stage."""

    def note(self, text: str) -> None:
        """Say something worth a line of its own."""

    def fold(self, number: int, count: int, first: str) -> None:
        """Begin fold `number` of `count`, whose test starts on the day `first`."""

    def epoch(self, epoch: int, train_loss: float, val_loss: float) -> None:
        """End an epoch; losses are medians over the members."""

    def count(self, done: int, total: int, latest: str, seconds_left: float) -> None:
        """Say that `done` of `total` things are done, `latest` the last, and the time expected."""

    @contextmanager
    def running(self) -> Iterator[None]:
        """Surround the work."""
        yield


class PlainProgress(Progress):
    """A line for each stage and each fold; for pipes and logs."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._tenth = 0

    def stage(self, name: str) -> None:
        """Print the stage."""
        self._print(name)

    def note(self, text: str) -> None:
        """Print the text, indented."""
        self._print(f"  {text}")

    def fold(self, number: int, count: int, first: str) -> None:
        """Print the fold."""
        self._print(f"  fold {number + 1}/{count}, tested from {first}")

    def count(self, done: int, total: int, latest: str, seconds_left: float) -> None:
        """Print a line at each tenth of a long list."""
        tenth = done * 10 // total
        if total >= LONG_LIST and tenth != self._tenth and done < total:
            self._print(f"  {done}/{total}, {duration(seconds_left)} left")
        self._tenth = tenth % 10

    def _print(self, text: str) -> None:
        self.console.print(text, highlight=False, markup=False, soft_wrap=True)


class BarProgress(PlainProgress):
    """One live line: a bar over the folds, with epoch and losses beside it."""

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
        """Move the bar."""
        self._live.update(
            self._task,
            completed=number,
            total=count,
            description=f"fold {number + 1}/{count} ({first})",
        )

    def epoch(self, epoch: int, train_loss: float, val_loss: float) -> None:
        """Put epoch and losses beside the bar."""
        detail = f"network, epoch {epoch}: train {train_loss:.4f}, validation {val_loss:.4f}"
        self._live.update(self._task, detail=detail)

    def count(self, done: int, total: int, latest: str, seconds_left: float) -> None:
        """Move the bar; the expected time beside it."""
        detail = f"{latest}, {duration(seconds_left)} left"
        description = f"{done}/{total}"
        self._live.update(
            self._task, completed=done, total=total, description=description, detail=detail
        )

    @contextmanager
    def running(self) -> Iterator[None]:
        """Show the bar while the work lasts."""
        with self._live:
            yield


def progress_for(console: Console, quiet: bool) -> Progress:
    """Return what suits the console: nothing, a bar, or plain lines."""
    if quiet:
        return Progress()
    return BarProgress(console) if console.is_terminal else PlainProgress(console)


def duration(seconds: float) -> str:
    """Return a time as a person says it: 40 s, 12 min, 3 h."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.0f} h"
