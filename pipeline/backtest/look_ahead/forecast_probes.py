"""Forecasts of a run, compared with those of models fitted and applied without a future."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import partial

import numpy as np
import pandas as pd

from volcast.features.panel import Panel
from volcast.pipeline.backtest.look_ahead.probe import (
    NOT_REPRODUCED,
    Future,
    Grids,
    Probe,
    ProbeResult,
    remove_future,
)
from volcast.pipeline.backtest.splits import Fold
from volcast.pipeline.backtest.walk_forward import run_fold, run_in_order
from volcast.pipeline.config.settings import Config
from volcast.pipeline.errors import VerificationError
from volcast.pipeline.panel.build import build_panel
from volcast.pipeline.panel.panel_table import lay_out_as_stored
from volcast.pipeline.progress import Progress

KEYS = ["model", "part", "ticker", "horizon", "origin"]


def probe_forecasts(
    stored: pd.DataFrame,
    panel: Panel,
    bars: Grids,
    probes: Sequence[tuple[Fold, Probe]],
    config: Config,
    seed: int,
) -> Iterator[ProbeResult]:
    """Refit the models of each probe's fold without its future, and compare the forecasts.

    Parameters
    ----------
    stored
        The forecasts of all folds of the run (`walk_forward.FoldResult.forecasts`).
    panel, bars
        Of the run; no model is given the complete bars here.
    probes
        Each with its fold.
    config, seed
        The settings of the run, and the seed of the corruption.

    Raises
    ------
    VerificationError
        A forecast up to the origin differs; the message names model, ticker and session.
    """

    def forecast(fold: Fold, probe: Probe) -> tuple[Future, pd.DataFrame]:
        future = remove_future(bars, panel.sessions, probe, seed)
        return future, _forecast(future.bars, fold, config)

    tasks = [partial(forecast, fold, probe) for fold, probe in probes]
    with closing(run_in_order(tasks, panel.variance.size)) as results:
        for fold, _ in probes:
            future, after = next(results)
            before = stored[stored["fold"] == fold.number]
            different, compared = _compare(before, after, future.origin)
            if different is not None:
                restored = _compare(before, _forecast(bars, fold, config), future.origin)[0] is None
                raise VerificationError(_explain(different, future, restored=restored))
            yield ProbeResult("forecasts", future.method, future.date, compared)


def _forecast(bars: Grids, fold: Fold, config: Config) -> pd.DataFrame:
    """Fit and forecast a fold on bars that may end inside its test part."""
    # Laid out in memory as the run's panel, which was read from a file: sums depend on it.
    panel = lay_out_as_stored(build_panel(bars, config))
    stop = min(fold.test.stop, len(panel.sessions))
    shorter = Fold(fold.number, fold.train, fold.validation, slice(fold.test.start, stop))
    return run_fold(panel, shorter, config, Progress()).forecasts


def _compare(
    before: pd.DataFrame, after: pd.DataFrame, origin: pd.Timestamp
) -> tuple[pd.Series | None, int]:
    """Return the first forecast up to the origin that differs, if any, and their number."""
    known = [table[table["origin"] <= origin][[*KEYS, "variance"]] for table in (before, after)]
    both = known[0].merge(known[1], on=KEYS, how="outer", suffixes=("", "_after"))
    one, two = both["variance"].to_numpy(), both["variance_after"].to_numpy()
    different = ~((one == two) | (np.isnan(one) & np.isnan(two)))
    return (both[different].iloc[0] if different.any() else None), len(both)


def _explain(row: pd.Series, future: Future, *, restored: bool) -> str:
    """Return what is wrong with a forecast; `restored`: the complete bars give the run's again."""
    forecast = (
        f"look-ahead: the {row['horizon']}-day forecast of {row['model']} for {row['ticker']} on "
        f"{row['origin']:%Y-%m-%d}"
    )
    if restored:
        return f"{forecast} changes when {future}"
    return f"{forecast} differs from the run's when {future}, {NOT_REPRODUCED}"
