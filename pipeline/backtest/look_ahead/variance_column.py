"""Warnings about measured variances that seem to hold information about the next session."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from volcast.features.bars import Bars
from volcast.features.variance import PROXIES
from volcast.features.variance_timing import measure_variance_timing
from volcast.pipeline.backtest.look_ahead.probe import Grids, ProbeResult

RECENT = 250  # sessions; a leak may have come in with the newest bars only


def check_variance_timing(bars: Grids) -> Iterator[ProbeResult]:
    """Check the tickers whose variance was measured elsewhere: whole history, then newest year.

    It yields one result for each of the two, with the first suspicious ticker in its warning; none
    if no ticker has a measured variance.
    """
    measured = [grid for grid in bars.values() if grid.uses_realized.any()]
    for period, rows in (
        ("", slice(None)),
        (f"the last {RECENT} sessions of ", slice(-RECENT, None)),
    ):
        warnings, compared = [], 0
        for grid in measured:
            for column in np.flatnonzero(grid.uses_realized):
                warning, sessions = _check_ticker(grid, int(column), rows)
                compared += sessions
                warnings += [f"the variance of {period}{warning}"] if warning else []
        if measured:
            last = max(grid.sessions[-1] for grid in measured)
            more = f" (and {len(warnings) - 1} more)" if len(warnings) > 1 else ""
            text = warnings[0] + more if warnings else ""
            yield ProbeResult("variance column", "timing", f"{last:%Y-%m-%d}", compared, text)


def _check_ticker(grid: Bars, column: int, rows: slice) -> tuple[str, int]:
    """Return a warning, empty if there is none, and the number of sessions."""
    ranges = PROXIES["parkinson"](grid)[rows, column]
    timing = measure_variance_timing(grid.realized[rows, column], ranges)
    if not timing.is_suspicious:
        return "", timing.sessions
    return (
        f"{grid.tickers[column]} may contain the next session: its changes correlate "
        f"{timing.next_session:.2f} with the surprise in the next session's range, and "
        f"{timing.same_session:.2f} with that of the same session; is it smoothed over later "
        "sessions, or shifted?"
    ), timing.sessions
