"""EWMA: its recursion and its weights."""

from dataclasses import replace

import numpy as np
import pytest

from tests.models.samples import SESSIONS, SPLIT, make_sample
from volcast.models.baselines.ewma import DECAY, EWMA

ALL = slice(0, SESSIONS)

SAMPLE = make_sample()


def with_gaps(sample):
    """Return the sample with a tenth of its variances missing, its features as they were."""
    gaps = np.random.default_rng(3).random(sample.variance.shape) < 0.1
    return replace(sample, variance=np.where(gaps, np.nan, sample.variance))


def test_the_ewma_follows_its_recursion_once_its_start_is_forgotten():
    sample = with_gaps(SAMPLE)
    forecast = EWMA().fit(sample, SPLIT).forecast(sample, ALL)[:, 0, 0]
    average = 1.0  # whatever: 0.94 ** 450 is 1e-12
    for origin in range(SESSIONS):
        today = sample.variance[origin, 0]
        if np.isfinite(today):
            average = DECAY * average + (1 - DECAY) * today
        if origin > 450:
            assert forecast[origin] == pytest.approx(average, rel=1e-6)


def test_the_ewma_weighs_by_age_with_weights_that_sum_to_one():
    sample = with_gaps(SAMPLE)
    forecast = EWMA().fit(sample, SPLIT).forecast(sample, ALL)
    for ticker, origin in ((0, 21), (0, 300), (1, 180), (2, 400)):
        known = sample.variance[: origin + 1, ticker]
        known = known[np.isfinite(known)]
        weights = DECAY ** np.arange(len(known))[::-1]
        expected = weights @ known / weights.sum()
        np.testing.assert_allclose(forecast[origin, ticker], expected, rtol=1e-12)
