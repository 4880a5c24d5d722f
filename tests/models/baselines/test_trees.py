"""Trees: what least squares cannot learn, and levels beyond those of the training."""

from dataclasses import replace

import numpy as np

from tests.models.samples import LAST_KNOWN, SESSIONS, SPLIT, make_sample
from volcast.models.baselines.har import HARX
from volcast.models.baselines.trees import Trees

SAMPLE = make_sample()


def test_trees_learn_what_least_squares_cannot():
    rng = np.random.default_rng(0)
    bend = np.abs(SAMPLE.x[:, :, :1] + 9.0)
    target = np.exp(-9.0 + bend + 0.1 * rng.normal(size=SAMPLE.target.shape))
    bent = SAMPLE.until(LAST_KNOWN)
    object.__setattr__(bent, "target", np.where(np.isfinite(bent.target), target[:495], np.nan))
    errors = {}
    for model in (Trees(), HARX()):
        forecast = model.fit(bent, SPLIT).forecast(SAMPLE, slice(495, SESSIONS))
        known = np.isfinite(forecast)
        errors[type(model)] = np.mean((np.log(forecast) - np.log(target[495:]))[known] ** 2)
    assert errors[Trees] < 0.5 * errors[HARX]


def test_were_all_variances_ten_times_as_large_so_were_the_forecasts():
    model = Trees().fit(SAMPLE.until(LAST_KNOWN), SPLIT)
    usual = model.forecast(SAMPLE, slice(495, SESSIONS))
    risen = replace(SAMPLE, x=SAMPLE.x + np.float32(np.log(10.0)) * SAMPLE.level)
    ratio = model.forecast(risen, slice(495, SESSIONS)) / usual
    anchor = model.inputs_.anchor
    mean_shift = np.log(10.0) * anchor.slopes.sum(axis=0)
    np.testing.assert_allclose(np.nanmedian(np.log(ratio), axis=(0, 1)), mean_shift, atol=0.2)
