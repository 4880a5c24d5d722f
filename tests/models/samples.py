"""Made-up samples and rows to forecast, the ways to wreck a sample's future, and the proof."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from volcast.models.forecaster import Forecaster, Sample, Split
from volcast.models.network import Network
from volcast.models.regressor.estimator import KerasVolatilityRegressor

SESSIONS, TICKERS, HORIZONS = 600, 3, (1, 5)
SPLIT = Split(train=slice(0, 400), validation=slice(405, 490))
LAST_KNOWN = 494  # a purge of 5 after the validation part
LATE, DEAD = 150, 430  # ticker 1 appears at session 150, ticker 2 disappears after 429
NEW, LISTED = 1, 450  # the ticker of a new listing, and its first session


def make_sample(tickers: int = TICKERS) -> Sample:
    """Return log-AR(1) variances, with a late ticker, a dead one and two optional features."""
    rng = np.random.default_rng(7)
    log_variance = np.full((SESSIONS, tickers), -9.0)
    for t in range(1, SESSIONS):
        shock = rng.normal(size=tickers) * 0.4
        log_variance[t] = -9.0 + 0.9 * (log_variance[t - 1] + 9.0) + shock
    variance = np.exp(log_variance)
    variance[:LATE, 1:2] = np.nan
    variance[DEAD:, 2:3] = np.nan
    har = [np.log(_trailing_mean(variance, window)) for window in (1, 5, 22)]
    extra = rng.normal(size=variance.shape)
    extra[rng.random(extra.shape) < 0.3] = np.nan
    sessions = np.datetime64("2010-01-04") + np.arange(SESSIONS + max(HORIZONS))
    ends = np.stack([sessions[h : h + SESSIONS] for h in HORIZONS], axis=-1)
    return Sample(
        names=("har_1", "har_5", "har_22", "extra", "never_known"),
        x=np.stack([*har, extra, np.full_like(extra, np.nan)], axis=-1).astype(np.float32),
        optional=np.array([False, False, False, True, True]),
        long_run=np.zeros(5, dtype=bool),
        level=np.array([True, True, True, False, False]),
        horizons=HORIZONS,
        target=np.stack([_mean_ahead(variance, h) for h in HORIZONS], axis=-1),
        target_end=np.repeat(ends[:, None], tickers, axis=1),
        variance=variance,
        log_return=np.sqrt(variance) * rng.normal(size=variance.shape),
        sessions=sessions[:SESSIONS],
    )


def make_listing_sample(listed: int = LISTED) -> Sample:
    """Return a sample with a long-run feature, in which ticker `NEW` begins at session `listed`.

    At the end of the training part the others have a long history, and it has none.
    """
    sample = make_sample(TICKERS + 1)
    hidden = {
        name: getattr(sample, name).copy() for name in ("x", "target", "variance", "log_return")
    }
    for values in hidden.values():
        values[:listed, NEW] = np.nan
    hidden["x"][: listed + 21, NEW, 2] = np.nan  # the month
    known = pd.DataFrame(hidden["variance"]).rolling(250, min_periods=150).mean().to_numpy()
    hidden["x"] = np.append(hidden["x"], np.log(known)[..., None].astype(np.float32), axis=2)
    return replace(
        sample,
        names=(*sample.names, "har_250"),
        optional=np.append(sample.optional, False),
        long_run=np.append(sample.long_run, True),
        level=np.append(sample.level, True),
        **hidden,
    )


def only(sample: Sample, ticker: int) -> Sample:
    """Return the sample of one ticker."""
    mine = slice(ticker, ticker + 1)
    return replace(
        sample,
        x=sample.x[:, mine],
        target=sample.target[:, mine],
        target_end=sample.target_end[:, mine],
        variance=sample.variance[:, mine],
        log_return=sample.log_return[:, mine],
    )


def corrupted(sample: Sample, last: int, seed: int = 0) -> Sample:
    """Return `sample` with everything that is not known at the close of `last` made up."""
    rng = np.random.default_rng(seed)
    after = np.arange(len(sample.sessions)) > last
    unknown = sample.target_end > sample.sessions[last]

    def noise(like: np.ndarray) -> np.ndarray:
        made_up = rng.normal(size=like.shape) * 3.0
        return np.where(rng.random(like.shape) < 0.2, np.nan, made_up).astype(like.dtype)

    return replace(
        sample,
        x=np.where(after[:, None, None], noise(sample.x), sample.x),
        target=np.where(unknown, np.exp(noise(sample.target)), sample.target),
        variance=np.where(after[:, None], np.exp(noise(sample.variance)), sample.variance),
        log_return=np.where(after[:, None], noise(sample.log_return), sample.log_return),
    )


def assert_no_look_ahead(make: Callable[[], Forecaster], sample: Sample, last: int) -> None:
    """Fit before `LAST_KNOWN`, forecast all origins up to `last` with and without the future."""
    origins = slice(0, last + 1)
    model = make().fit(sample.until(LAST_KNOWN), SPLIT)
    expected = model.forecast(sample, slice(0, len(sample.sessions)))[origins]
    for future in (corrupted(sample, last), sample.until(last)):
        np.testing.assert_array_equal(model.forecast(future, origins), expected)
        refitted = make().fit(future.until(LAST_KNOWN), SPLIT)
        np.testing.assert_array_equal(refitted.forecast(future, origins), expected)


def small_network() -> Network:
    """Return a network that is fitted within seconds."""
    return Network(KerasVolatilityRegressor(hidden=(4,), members=2, epochs=3, batch_size=64))


def make_rows(
    count: int, features: int = 3, targets: int = 1, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs (count, features) and variances (count, targets), log-quadratic and noisy."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, features))
    signal = 0.5 * x[:, :1] + 0.3 * x[:, 1:2] ** 2
    return x, np.exp(signal - 9.0 + 0.4 * rng.normal(size=(count, targets)))


def _trailing_mean(variance: np.ndarray, window: int) -> np.ndarray:
    rows = range(len(variance))
    means = [variance[max(0, t - window + 1) : t + 1].mean(axis=0) for t in rows]
    return np.where(np.arange(len(variance))[:, None] >= window - 1, means, np.nan)


def _mean_ahead(variance: np.ndarray, horizon: int) -> np.ndarray:
    target = np.full_like(variance, np.nan)
    for t in range(len(variance) - horizon):
        target[t] = variance[t + 1 : t + horizon + 1].mean(axis=0)
    return target
