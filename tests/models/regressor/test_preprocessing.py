"""Levels relative to the anchor, the blend with HAR-X, and the level correction."""

import numpy as np
import pytest

from tests.models.samples import make_rows
from volcast.models.regressor.estimator import KerasVolatilityRegressor
from volcast.models.regressor.preprocessing import Inputs, LinearCorrection

LEVELS = np.array([0, 1])

ANCHOR = np.array([0])

SMALL = {"hidden": (4,), "members": 4, "epochs": 3, "anchor": [0], "purge": 0}


def log_levels(count=300, seed=0):
    """Two log variances, a feature without a level, and what comes of them."""
    rng = np.random.default_rng(seed)
    level = rng.normal(size=(count, 1)) - 9.0
    x = np.hstack([level + 0.3 * rng.normal(size=(count, 2)), rng.normal(size=(count, 1))])
    return x, np.exp(level + 0.2 * x[:, 2:] + 0.3 * rng.normal(size=(count, 2)))


def test_a_level_enters_less_the_mean_forecast_of_the_anchor():
    x, y = log_levels()
    inputs = Inputs.fit(x, np.log(y), ANCHOR, LEVELS)
    standardised, anchor_log = inputs.transform(x)
    relative = x - np.where([True, True, False], anchor_log.mean(axis=1, keepdims=True), 0.0)
    expected = (relative - relative.mean(axis=0)) / relative.std(axis=0)
    np.testing.assert_allclose(standardised, expected, atol=1e-4)


@pytest.mark.parametrize("what", ["linear", "network"])
def test_were_all_variances_ten_times_as_large_so_were_the_forecasts(what):
    x, y = log_levels()
    wider = x + np.where([True, True, False], np.log(10.0), 0.0)
    if what == "linear":
        one = LinearCorrection.fit(x, np.log(y), ANCHOR, LEVELS).predict_log(x)
        ten = LinearCorrection.fit(wider, np.log(10 * y), ANCHOR, LEVELS).predict_log(wider)
    else:
        options = {**SMALL, "levels": [0, 1]}
        one = np.log(KerasVolatilityRegressor(**options).fit(x, y).predict(x))
        ten = np.log(KerasVolatilityRegressor(**options).fit(wider, 10 * y).predict(wider))
    np.testing.assert_allclose(ten - one, np.log(10.0), atol=2e-3)


def test_the_blend_is_the_mean_of_the_logs():
    x, y = make_rows(200)
    regressor = KerasVolatilityRegressor(**SMALL, blend=0.25).fit(x, y)
    blended = np.log(regressor.predict(x))
    alone = np.log(regressor.set_params(blend=0.0).predict(x))
    linear = np.log(regressor.set_params(blend=1.0).predict(x))
    np.testing.assert_allclose(linear, regressor.linear_.predict_log(x))
    np.testing.assert_allclose(blended, 0.75 * alone + 0.25 * linear)


def test_the_blend_changes_nothing_in_the_training():
    x, y = make_rows(200)
    one, two = (KerasVolatilityRegressor(**SMALL, blend=b).fit(x, y) for b in (0.0, 0.5))
    np.testing.assert_array_equal(one.history_["val_loss"], two.history_["val_loss"])


def test_members_forecast_each_alone():
    x, y = make_rows(200, targets=2)
    regressor = KerasVolatilityRegressor(**SMALL, blend=0.5).fit(x, y)
    members = regressor.predict_members(x)
    inputs, anchor_log = regressor.inputs_.transform(x)
    networks = regressor.numpy_network_.compute_outputs(inputs)[..., 0]
    corrections = networks.reshape(-1, 2, len(x)).swapaxes(1, 2)
    logs = anchor_log + corrections + regressor.bias_
    np.testing.assert_allclose(members, np.exp(logs))
    alone = regressor.set_params(blend=0.0).predict(x)
    np.testing.assert_allclose(np.exp(np.log(members).mean(axis=0)), alone, rtol=1e-6)


def test_the_level_is_corrected_by_the_share_that_is_trusted():
    x, y = make_rows(200, targets=2)
    whole = KerasVolatilityRegressor(**SMALL).fit(x, y).bias_
    trusted = KerasVolatilityRegressor(**SMALL, level_trust=[1.0, 0.25]).fit(x, y).bias_
    np.testing.assert_allclose(trusted, whole * [1.0, 0.25])


def test_a_feature_far_from_zero_keeps_its_information():
    x, y = log_levels()
    far = x.copy()
    far[:, 2] = 1e6 + 0.01 * x[:, 2]
    near_inputs, far_inputs = (Inputs.fit(each, np.log(y), ANCHOR, LEVELS) for each in (x, far))
    np.testing.assert_allclose(far_inputs.transform(far)[0], near_inputs.transform(x)[0], atol=1e-4)


def test_an_anchor_far_from_zero_forecasts_alike():
    x, y = log_levels()
    far = 1e6 + 0.01 * x
    one, two = (LinearCorrection.fit(each, np.log(y), ANCHOR, LEVELS[:0]) for each in (x, far))
    np.testing.assert_allclose(two.predict_log(far), one.predict_log(x), atol=1e-4)


@pytest.mark.parametrize("level", [800.0, -800.0, 1e308])
def test_no_input_forecasts_more_than_ten_times_what_was_trained_on(level):
    x, y = make_rows(200)
    regressor = KerasVolatilityRegressor(**SMALL, blend=0.5).fit(x, y)
    absurd = np.full((1, 3), level)
    for forecast in (regressor.predict(absurd), regressor.predict_members(absurd)):
        assert (forecast >= y.min() / 10.1).all() and (forecast <= y.max() * 10.1).all()


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_the_regression_is_the_same_if_its_inputs_are_overwritten(kind):
    x, y = log_levels(40_000)  # several blocks
    x = x.astype(kind)
    wanted = LinearCorrection.fit(x, np.log(y), ANCHOR, LEVELS)
    given = x.copy()
    found = LinearCorrection.fit(given, np.log(y), ANCHOR, LEVELS, overwrite_x=True)
    assert np.array_equal(given, x) == (kind is np.float64)
    np.testing.assert_array_equal(found.predict_log(x), wanted.predict_log(x))


@pytest.mark.parametrize("validation_fraction", [0.0, 0.2])
def test_a_fit_leaves_the_given_rows_as_they_are(validation_fraction):
    x, y = (array.astype(np.float32) for array in make_rows(200))
    given = x.copy()
    KerasVolatilityRegressor(**SMALL, validation_fraction=validation_fraction).fit(given, y)
    np.testing.assert_array_equal(given, x)
