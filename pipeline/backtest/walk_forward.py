"""The walk-forward: every model refitted fold by fold, on the same dates and the same rows."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from volcast.features.panel import Panel
from volcast.models.baselines.catalogue import NETWORK
from volcast.models.baselines.naive import MonthMean
from volcast.models.forecaster import Forecaster, Sample, Split
from volcast.models.insanity_filter import Bounds
from volcast.models.pretrained.network_folder import AnyNetwork
from volcast.models.regressor.validation import format_divergence
from volcast.pipeline.backtest.model_factory import build_baselines, build_network
from volcast.pipeline.backtest.splits import Fold
from volcast.pipeline.cluster import local_threads
from volcast.pipeline.config.settings import Config
from volcast.pipeline.panel.build import build_sample
from volcast.pipeline.panel.coming_reports import expect_reports, remove_coming_reports
from volcast.pipeline.progress import Progress
from volcast.reports.scoring.scored_rows import qlike

LARGE_PANEL = 200_000  # cells; a fold of more uses all processors and much of the memory
HISTORY_SESSIONS = 500  # of errors before the first test; older ones hardly count
VALIDATION, TEST = "validation", "test"
T = TypeVar("T")
WITHOUT_REPORT_COLUMN = "variance_without_report"
MEMBER_COLUMNS = ["origin", "ticker", "horizon", "local", "alone", "single_qlike"]


@dataclass(frozen=True)
class FoldResult:
    """The forecasts of one fold, and its fitted network.

    Attributes
    ----------
    number
        Of the fold, from 0.
    parts
        The forecast table of the test origins with `part`, `fold`, `clipped`, `fallback`,
        `short_history` and `variance_without_report`, model by model; in the first fold also that
        of the last `HISTORY_SESSIONS` validation origins. Those of a large panel can be iterated
        once.
    members
        `MEMBER_COLUMNS`, one row for each test forecast of the network: `alone` is the variance
        forecast by the average of its members without the blend, `single_qlike` the mean loss of
        the members, each on its own, `local` the variance without a pretrained vintage.
    network
        Fitted.
    seconds
        Wall-clock time of each model's fit and forecasts.
    """

    number: int
    parts: Iterable[pd.DataFrame]
    members: pd.DataFrame
    network: AnyNetwork
    seconds: dict[str, float]

    def __getstate__(self) -> dict[str, Any]:
        """Return what another process gets: all forecasts."""
        return {**vars(self), "parts": list(self.parts)}

    @cached_property
    def forecasts(self) -> pd.DataFrame:
        """The parts as one table."""
        return pd.concat(self.parts, ignore_index=True)


def iter_folds(
    panel: Panel, folds: Sequence[Fold], config: Config, progress: Progress
) -> Generator[FoldResult]:
    """Yield the result of each fold, in order; see `run_in_order`."""
    tasks = [partial(run_fold, panel, fold, config, progress) for fold in folds]
    yield from run_in_order(tasks, panel.variance.size)


def run_in_order(tasks: Iterable[Callable[[], T]], cells: int) -> Generator[T]:
    """Run tasks that fit and forecast a fold each, and yield their results in order.

    Networks train one at a time, outside Python's global lock; meanwhile a second thread fits the
    baselines of the next fold or computes forecasts. On a panel of many `cells` (sessions times
    tickers) every model uses all processors by itself, and a result much memory: a task starts when
    its result is asked for. Closing the generator waits for the tasks that are running and cancels
    those after them.
    """
    yield from local_threads.run_in_order(tasks, _choose_threads(cells))


def choose_threads(panel: Panel) -> int:
    """Return how many folds of a panel one process computes at once."""
    return _choose_threads(panel.variance.size)


def _choose_threads(cells: int) -> int:
    return 1 if cells > LARGE_PANEL else 2


def run_fold(panel: Panel, fold: Fold, config: Config, progress: Progress) -> FoldResult:
    """Fit every model on what was known before the fold's first test origin, and forecast.

    The fit sees the sample cut before the test part. In the first fold the newest origins of the
    validation part are forecast too: their errors give the first prediction intervals, before any
    test outcome is known.
    """
    sample = build_sample(panel)
    first_untrained = sample.sessions[fold.validation.start]
    network = build_network(config, first_untrained, on_epoch=progress.epoch)
    models = {**build_baselines(config, len(panel.tickers)), NETWORK: network}
    bounds, seconds = fit_models(models, sample, fold)
    regressor = network.regressor
    if regressor.diverged_.any():
        states = regressor.diverged_, regressor.epochs_run_, regressor.learning_rate
        progress.note(f"fold {fold.number + 1}: {format_divergence(*states)}")
    known = sample.until(fold.test.stop - 1)
    members = _compare_members(network, known, panel, fold.test, bounds)
    parts = iterate_forecasts(models, panel, fold, bounds, seconds)
    # The forecasts of a large panel are computed when they are written, model by model.
    computed = parts if panel.variance.size > LARGE_PANEL else list(parts)
    return FoldResult(fold.number, computed, members, network, seconds)


def iterate_forecasts(
    models: Mapping[str, Forecaster],
    panel: Panel,
    fold: Fold,
    bounds: Bounds,
    seconds: dict[str, float],
) -> Iterator[pd.DataFrame]:
    """Yield the forecast table of each part and model of a fold (`FoldResult.parts`).

    The time of each model is added to `seconds`.
    """
    sample = build_sample(panel)
    for part, origins in list_forecast_origins(fold):
        known = sample.until(origins.stop - 1)
        for name, model in models.items():
            with _timed(seconds, name):
                table = forecast_within_bounds(model, known, origins, bounds)
            if name == NETWORK:
                table |= forecast_without_reports(model, known, origins, bounds)
            else:
                table |= {WITHOUT_REPORT_COLUMN: np.full_like(table["variance"], np.nan)}
            rows = arrange_by_ticker(table, panel, origins)
            del table  # the next one is made with nothing of this one in memory
            yield rows.assign(model=name, part=part, fold=fold.number)
            del rows


def list_forecast_origins(fold: Fold) -> list[tuple[str, slice]]:
    """Return the parts of a fold that are forecast, and their origins; the test part comes last.

    Examples
    --------
    >>> fold = Fold(0, slice(0, 1000), slice(1022, 1722), slice(1744, 1800))
    >>> list_forecast_origins(fold)
    [('validation', slice(1222, 1722, None)), ('test', slice(1744, 1800, None))]
    """
    if fold.number > 0:
        return [(TEST, fold.test)]
    first = max(fold.validation.start, fold.validation.stop - HISTORY_SESSIONS)
    return [(VALIDATION, slice(first, fold.validation.stop)), (TEST, fold.test)]


def fit_models(
    models: Mapping[str, Forecaster], sample: Sample, fold: Fold
) -> tuple[Bounds, dict[str, float]]:
    """Fit models on what was known before the fold's first test origin.

    Returns
    -------
    The bounds of the insanity filter, and the seconds that each model took.
    """
    known = sample.until(fold.test.start - 1)
    split = Split(fold.train, fold.validation)
    seconds = dict.fromkeys(models, 0.0)
    for name, model in models.items():
        with _timed(seconds, name):
            model.fit(known, split)
    return Bounds.fit(known, split), seconds


def forecast_within_bounds(
    model: Forecaster, known: Sample, origins: slice, bounds: Bounds
) -> dict[str, np.ndarray]:
    """Return the model's forecasts after the insanity filter.

    Where the model could not be fitted or gives no number, the mean of the last 22 sessions is
    taken and marked as a fallback.

    Parameters
    ----------
    model
        Fitted.
    known
        The sample up to the last origin.
    origins
        Session positions.
    bounds
        Range of each ticker and horizon.

    Returns
    -------
    `variance`, `clipped`, `fallback` and `short_history` (`Sample.short_history`), each (n, N, H).
    """
    variance = model.forecast(known, origins)
    substitute = MonthMean().forecast(known, origins)
    fallback = ~np.isfinite(variance) & np.isfinite(substitute)
    bounded, clipped = bounds.clip(np.where(fallback, substitute, variance))
    short = np.broadcast_to(known.short_history()[origins, :, None], bounded.shape)
    return {"variance": bounded, "clipped": clipped, "fallback": fallback, "short_history": short}


def forecast_without_reports(
    model: Forecaster, known: Sample, origins: slice, bounds: Bounds
) -> dict[str, np.ndarray]:
    """Return what the model would forecast if no earnings report came.

    Parameters
    ----------
    model, known, origins, bounds
        As for `forecast_within_bounds`.

    Returns
    -------
    `variance_without_report` (n, N, H), NaN unless a report is expected within the horizon.
    """
    expected = expect_reports(known)[origins]
    variance = np.full(expected.shape, np.nan)
    without = remove_coming_reports(known) if expected.any() else None
    if without is not None:
        found = forecast_within_bounds(model, without, origins, bounds)["variance"]
        variance = np.where(expected, found, np.nan)
    return {WITHOUT_REPORT_COLUMN: variance}


def arrange_by_ticker(values: dict[str, np.ndarray], panel: Panel, origins: slice) -> pd.DataFrame:
    """Return forecasts (n, N, H) in long format, ticker by ticker, for the bars that exist."""
    traded = np.isfinite(panel.variance[origins]) | np.isfinite(panel.log_return[origins])
    shape = (*traded.shape, len(panel.horizons))
    exists = np.broadcast_to(traded[:, :, None], shape).transpose(1, 2, 0)
    ticker, horizon, session = np.nonzero(exists)
    cells = session, ticker, horizon
    at = origins.start + session
    columns = {
        "origin": panel.sessions[at],
        "target_start": panel.target_start[at, ticker],
        "target_end": panel.target_end[at, ticker, horizon],
        "ticker": pd.array(panel.tickers, dtype="str").take(ticker),
        "horizon": np.array(panel.horizons)[horizon],
        **{name: grid[cells] for name, grid in values.items()},
        "realized": panel.target[at, ticker, horizon],
        "level_factor": panel.level_factor[at, ticker],
    }
    return pd.DataFrame(columns)


def _compare_members(
    network: AnyNetwork, known: Sample, panel: Panel, origins: slice, bounds: Bounds
) -> pd.DataFrame:
    """Return `MEMBER_COLUMNS` of the test part."""
    single = network.forecast_members(known, origins)
    alone, _ = bounds.clip(np.exp(np.log(single).mean(axis=0)))
    losses = qlike(panel.target[origins], np.clip(single, bounds.low, bounds.high))
    local, _ = bounds.clip(network.forecast_local(known, origins))
    values = {"local": local, "alone": alone, "single_qlike": losses.mean(axis=0)}
    return arrange_by_ticker(values, panel, origins)[MEMBER_COLUMNS]


@contextmanager
def _timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    seconds[name] += time.perf_counter() - start
