"""The results of all probes, reported subject by subject while they arrive."""

from __future__ import annotations

import time
from collections.abc import Iterable

from volcast.pipeline.backtest.look_ahead.probe import METHODS, ProbeResult
from volcast.pipeline.progress import Progress
from volcast.pipeline.text import format_count


class ResultLog:
    """Collects results, shows how far a stage is, and notes what it compared."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.results: list[ProbeResult] = []

    def add(self, stage: str, found: Iterable[ProbeResult], origins: int = 0) -> None:
        """Run the probes of a stage.

        Parameters
        ----------
        stage
            Its name.
        found
            Computes the results one by one.
        origins
            The number of its origins, for the display of progress; 0 for none.
        """
        self.progress.stage(stage)
        started = time.monotonic()
        results: list[ProbeResult] = []
        for result in found:
            results.append(result)
            if result.warning:
                self.progress.note(f"warning: {result.warning}")
            done = len({each.origin for each in results})
            if origins:
                left = (time.monotonic() - started) / done * max(origins - done, 0)
                self.progress.count(done, origins, result.origin, left)
        self.results += results
        self._note_compared([result for result in results if result.proof in METHODS])

    def summary(self) -> str:
        """Return how many probes there were, and how many warnings."""
        warnings = sum(bool(result.warning) for result in self.results)
        found = f", {format_count(warnings, 'warning')}" if warnings else ""
        return f"no look-ahead found in {format_count(len(self.results), 'probe')}{found}"

    def _note_compared(self, results: list[ProbeResult]) -> None:
        if not results:
            return
        compared = sum(result.compared for result in results)
        dates = sorted({result.origin for result in results})
        self.progress.note(
            f"{compared:,} values unchanged at {format_count(len(dates), 'origin')}, {dates[0]} to "
            f"{dates[-1]}"
        )
