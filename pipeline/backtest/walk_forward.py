"""The walk forward: every model refitted fold by fold, on the same dates and the same rows."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import pandas as pd

from volcast.features.panel import Panel
from volcast.models.baselines.catalogue import NETWORK, REFERENCE, make_baseline
from volcast.models.baselines.naive import MonthMean
from volcast.models.forecaster import Forecaster, Sample, Split, fitted_rows
from volcast.models.insanity_filter import Bounds
from volcast.models.network import Network
from volcast.models.regressor.estimator import KerasVolatilityRegressor
from volcast.models.regressor.validation import divergence
from volcast.pipeline.backtest.splits import Fold, WalkForward
from volcast.pipeline.config.settings import Config
from volcast.pipeline.data.sources.catalogue import find_entry
from volcast.pipeline.errors import ConfigError, DataError
from volcast.pipeline.panel.build import build_sample
from volcast.pipeline.progress import Progress
from volcast.reports.scores import qlike

LARGE_PANEL = 200_000  # cells; beyond it one fold fills processors and memory
VALIDATION, TEST = "validation", "test"
MEMBER_COLUMNS = ["origin", "ticker", "horizon", "alone", "single_qlike"]


@dataclass(frozen=True)
class FoldResult:
    """What one fold leaves: forecasts of its validation and test origins, and its network.

    `members` has a row for each of the network's test forecasts: `alone`, the variance that the
    average of its members forecasts without the blend, and `single_qlike`, the mean of their
    losses, each alone. `seconds` is the wall-clock time of each model's fit and forecasts.
    """

    forecasts: pd.DataFrame
    members: pd.DataFrame
    regressor: KerasVolatilityRegressor
    seconds: dict[str, float]


def build_folds(panel: Panel, config: Config) -> list[Fold]:
    """Return the folds of a panel.

    Raises
    ------
    DataError
        The history is too short; the message says how many sessions are needed and found.
    """
    sample = build_sample(panel)
    first_test = find_first_test(panel, sample, config)
    try:
        folds = list(make_split_rule(config, first_test).folds(len(panel.sessions)))
    except ValueError as error:
        raise DataError(f"{_too_short(panel, first_test)}; {error}") from error
    for fold in folds:
        check_rows(panel, sample, fold)
    return folds


def make_split_rule(config: Config, first_test: int) -> WalkForward:
    """Return the rule that cuts sessions into folds, the first tested from a position on."""
    rolling = config.split.window == "rolling"
    return WalkForward(
        first_test=first_test,
        refit_every=config.split.refit_every,
        purge=max(config.target.horizons),
        validation_share=config.split.validation_share,
        window=config.split.train_sessions if rolling else None,
    )


def check_rows(panel: Panel, sample: Sample, fold: Fold) -> None:
    """Raise ``DataError`` unless the fold has a row to train and a row to validate on."""
    known = sample.until(fold.test.start - 1)
    rows = {
        "train": fitted_rows(known, fold.train, known_before=fold.validation.start),
        "validate": fitted_rows(known, fold.validation),
    }
    for purpose, fitted in rows.items():
        if fitted.any():
            continue
        if fold.number == 0:
            raise DataError(_too_short(panel, fold.test.start))
        part = fold.train if purpose == "train" else fold.validation
        first, last = (panel.sessions[at].date() for at in (part.start, part.stop - 1))
        raise DataError(
            f"fold {fold.number + 1}, tested from {panel.sessions[fold.test.start].date()}, has "
            f"nothing to {purpose} on: no ticker has features and targets from {first} to {last}; "
            "fill the gap in the data, or ask for a later start"
        )


def _too_short(panel: Panel, first_test: int) -> str:
    found, first, last = len(panel.sessions), panel.sessions[0], panel.sessions[-1]
    return (
        f"too little history for the first fold: its test starts after {first_test} sessions, the "
        f"data has {found} ({first.date()} to {last.date()}), and features need about a year "
        "before the first row; ask for an earlier start, or change split.train_sessions or "
        "split.test_start"
    )


def find_first_test(panel: Panel, sample: Sample, config: Config) -> int:
    """Return the position of the first origin to test, as [split] says; it may lie outside."""
    if config.split.test_start is not None:
        return int(panel.sessions.searchsorted(pd.Timestamp(config.split.test_start)))
    usable = np.flatnonzero(sample.usable().any(axis=1))
    first_usable = int(usable[0]) if len(usable) else len(panel.sessions)
    enough = first_usable + config.split.train_sessions
    test_start = find_entry(config.data.source).test_start
    if test_start is not None:
        usual = int(panel.sessions.searchsorted(pd.Timestamp(test_start)))
        if enough <= usual < len(panel.sessions):
            return usual
    return enough


def iter_folds(
    panel: Panel, folds: Sequence[Fold], config: Config, progress: Progress
) -> Generator[FoldResult]:
    """Yield the result of each fold, in order.

    Networks train one at a time, outside Python's lock; a second thread meanwhile fits the
    baselines of the next fold, or forecasts with what is fitted. On a large panel every model
    uses all processors by itself, and folds follow one another. Whoever stops listening waits for
    the folds at work, not for those after them.
    """
    pool = ThreadPoolExecutor(max_workers=1 if panel.variance.size > LARGE_PANEL else 2)
    try:
        jobs = deque(pool.submit(run_fold, panel, fold, config, progress) for fold in folds)
        while jobs:
            yield jobs.popleft().result()  # let go of: a panel's forecasts are large
    finally:
        pool.shutdown(cancel_futures=True)


def run_fold(panel: Panel, fold: Fold, config: Config, progress: Progress) -> FoldResult:
    """Fit every model on what was known before the fold's first origin, and forecast.

    The fit sees the sample cut before the test part. Origins of the validation part are forecast
    too: they say how far off the first fold's models are, before any test outcome is known.
    """
    sample = build_sample(panel)
    network = Network(build_regressor(config), on_epoch=progress.epoch)
    models = {**build_baselines(config), NETWORK: network}
    bounds, seconds = fit_models(models, sample, fold)
    if network.regressor.diverged_.any():
        progress.note(f"fold {fold.number + 1}: {divergence(network.regressor)}")
    tables = []
    for part, origins in ((VALIDATION, fold.validation), (TEST, fold.test)):
        seen = sample.until(origins.stop - 1)
        for name, model in models.items():
            with _timed(seconds, name):
                table = forecast_within_bounds(model, seen, origins, bounds)
            tables.append(_long(table, panel, origins).assign(model=name, part=part))
    forecasts = pd.concat(tables, ignore_index=True).assign(fold=fold.number)
    members = _members(network, seen, panel, fold.test, bounds)
    return FoldResult(forecasts, members, network.regressor, seconds)


def fit_models(
    models: Mapping[str, Forecaster], sample: Sample, fold: Fold
) -> tuple[Bounds, dict[str, float]]:
    """Fit models on what was known before the fold's first origin.

    Returns the bounds of the insanity filter and the seconds that each model took.
    """
    known = sample.until(fold.test.start - 1)
    split = Split(fold.train, fold.validation)
    seconds = dict.fromkeys(models, 0.0)
    for name, model in models.items():
        with _timed(seconds, name):
            model.fit(known, split)
    return Bounds.fit(known, split), seconds


def _members(
    network: Network, seen: Sample, panel: Panel, origins: slice, bounds: Bounds
) -> pd.DataFrame:
    """Return `MEMBER_COLUMNS` of the test part."""
    single = network.forecast_members(seen, origins)
    alone, _ = bounds.clip(np.exp(np.log(single).mean(axis=0)))
    losses = qlike(panel.target[origins], np.clip(single, bounds.low, bounds.high))
    values = {"alone": alone, "single_qlike": losses.mean(axis=0)}
    return _long(values, panel, origins)[MEMBER_COLUMNS]


@contextmanager
def _timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    seconds[name] += time.perf_counter() - start


def list_baselines(config: Config) -> tuple[str, ...]:
    """Return the baselines of `config`, the reference first."""
    return (REFERENCE, *(name for name in config.baselines.models if name != REFERENCE))


def build_baselines(config: Config) -> dict[str, Forecaster]:
    """Return the unfitted baselines by name; ``ConfigError`` where one cannot be imported."""
    try:
        return {name: make_baseline(name) for name in list_baselines(config)}
    except ValueError as error:
        raise ConfigError(f"baselines.models: {error}") from error


def build_regressor(config: Config) -> KerasVolatilityRegressor:
    """Return the unfitted regressor of the [model] section."""
    settings = config.model.model_dump()
    return KerasVolatilityRegressor(**settings | {"batch_size": settings["batch_size"] or None})


def forecast_within_bounds(
    model: Forecaster, seen: Sample, origins: slice, bounds: Bounds
) -> dict[str, np.ndarray]:
    """Return variance, clipped and fallback, each (n, N, H).

    Where a model could not be fitted or gives no number, the mean of the last 22 sessions stands
    in, marked as a fallback. What is `seen` ends with the last origin.
    """
    variance = model.forecast(seen, origins)
    stand_in = MonthMean().forecast(seen, origins)
    fallback = ~np.isfinite(variance) & np.isfinite(stand_in)
    bounded, clipped = bounds.clip(np.where(fallback, stand_in, variance))
    return {"variance": bounded, "clipped": clipped, "fallback": fallback}


def _long(values: dict[str, np.ndarray], panel: Panel, origins: slice) -> pd.DataFrame:
    """Return forecasts (n, N, H) in long format, ticker by ticker, for the bars that exist."""
    shape = next(iter(values.values())).shape
    origin = np.broadcast_to(panel.sessions.to_numpy()[origins, None, None], shape)
    start = np.broadcast_to(panel.target_start[origins, :, None], shape)
    columns = {
        "origin": origin,
        "target_start": start,
        "target_end": panel.target_end[origins],
        "ticker": np.broadcast_to(np.array(panel.tickers, dtype=object)[None, :, None], shape),
        "horizon": np.broadcast_to(np.array(panel.horizons)[None, None, :], shape),
        **values,
        "realized": panel.target[origins],
    }
    flat = {name: grid.transpose(1, 2, 0).ravel() for name, grid in columns.items()}
    traded = np.isfinite(panel.variance[origins]) | np.isfinite(panel.log_return[origins])
    exists = np.broadcast_to(traded[:, :, None], shape).transpose(1, 2, 0).ravel()
    return pd.DataFrame(flat)[exists]
