"""Features, variances and targets of a run, compared with those of bars without a future."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from volcast.features.look_ahead import find_first_difference
from volcast.features.panel import Panel
from volcast.pipeline.backtest.look_ahead.probe import (
    NOT_REPRODUCED,
    Future,
    Grids,
    Probe,
    ProbeResult,
    remove_future,
)
from volcast.pipeline.config.settings import Config
from volcast.pipeline.errors import VerificationError
from volcast.pipeline.panel.build import build_panel
from volcast.pipeline.panel.panel_table import lay_out_as_stored


def probe_features(
    panel: Panel, bars: Grids, probes: Iterable[Probe], config: Config, seed: int
) -> Iterator[ProbeResult]:
    """Compare a run's stored panel with panels built from bars without a future.

    The complete bars are never given to a feature here: one that keeps values in memory then keeps
    those of a changed future, and differs from the run.

    Raises
    ------
    VerificationError
        A value up to the origin differs; the message names feature, ticker and session.
    """
    for probe in probes:
        future = remove_future(bars, panel.sessions, probe, seed)
        yield _compare(panel, future, bars, config)


def _compare(panel: Panel, future: Future, bars: Grids, config: Config) -> ProbeResult:
    other = lay_out_as_stored(build_panel(future.bars, config))
    last = int(other.sessions.searchsorted(future.origin))
    columns = [panel.tickers.index(ticker) for ticker in other.tickers]
    after = _collect_values(other, future)
    compared = 0
    for name, before in _collect_values(panel, future).items():
        difference = find_first_difference(before[:, columns], after[name], last)
        if difference is not None:
            subject = (
                f"look-ahead: {name} of {other.tickers[difference[1]]} on "
                f"{panel.sessions[difference[0]]:%Y-%m-%d}"
            )
            complete = lay_out_as_stored(build_panel(bars, config))
            restored = _collect_values(complete, future)[name]
            if find_first_difference(before, restored, last) is None:
                raise VerificationError(f"{subject} changes when {future}")
            raise VerificationError(
                f"{subject} differs from the run's when {future}, {NOT_REPRODUCED}"
            )
        compared += after[name][: last + 1].size
    return ProbeResult("features", future.method, future.date, compared)


def _collect_values(panel: Panel, future: Future) -> dict[str, np.ndarray]:
    """Return features, variances and the targets known at the origin, by their names."""
    values: dict[str, np.ndarray] = {
        f"the feature {name}": panel.x[:, :, at] for at, name in enumerate(panel.names)
    }
    values |= {"the variance": panel.variance, "the log return": panel.log_return}
    known = panel.target_end <= future.origin.to_datetime64()
    return values | {"the target": np.where(known, panel.target, np.nan)}
