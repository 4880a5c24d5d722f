"""The network forecaster: the rows it trains on, and its trust in the level."""

import dataclasses

import numpy as np
import pytest

from tests.models.samples import (
    LAST_KNOWN,
    SPLIT,
    make_rows,
    make_sample,
    small_network,
)
from volcast.models.forecaster import select_fit_rows
from volcast.models.network import DRIFT_PRIOR, Network
from volcast.models.regressor.estimator import KerasVolatilityRegressor

SAMPLE = make_sample()


def test_the_network_trains_on_the_training_part_alone():
    model = small_network().fit(SAMPLE.until(LAST_KNOWN), SPLIT)
    rows = select_fit_rows(SAMPLE, SPLIT.train, known_before=SPLIT.validation.start)
    inputs = model.regressor.inputs_
    level = inputs.anchor.predict_log(SAMPLE.x[rows][:, :3]).mean(axis=1, keepdims=True)
    relative = (SAMPLE.x[rows][:, :3] - level).mean(axis=0)
    np.testing.assert_allclose(inputs.scaler.mean[:3], relative, atol=1e-6)
    np.testing.assert_allclose(inputs.scaler.mean[3], np.nanmean(SAMPLE.x[rows][:, 3]), rtol=1e-5)
    assert inputs.scaler.mean[4] == 0.0  # a feature that nobody ever knew


def test_a_ticker_that_trades_rarely_does_not_reach_into_the_validation_part():
    late = SAMPLE.target_end.copy()
    late[300:400, 0] = SAMPLE.sessions[SPLIT.validation.start]
    reaching = dataclasses.replace(SAMPLE, target_end=late).until(LAST_KNOWN)
    other = reaching.target.copy()
    other[300:400, 0] *= 5.0
    changed = dataclasses.replace(reaching, target=other)
    one, two = (small_network().fit(sample, SPLIT).regressor for sample in (reaching, changed))
    np.testing.assert_array_equal(one.inputs_.anchor.slopes, two.inputs_.anchor.slopes)
    np.testing.assert_array_equal(one.history_["train_loss"], two.history_["train_loss"])


SMALL = {"hidden": (4,), "members": 4, "epochs": 3, "anchor": [0], "purge": 0}


@pytest.mark.parametrize("loss", ["qlike", "mse"])
def test_the_level_of_a_long_horizon_is_trusted_less_and_a_median_always_moved(loss):
    regressor = KerasVolatilityRegressor(hidden=(4,), members=2, epochs=2, loss=loss)
    Network(regressor).fit(make_sample().until(LAST_KNOWN), SPLIT)
    sessions = SPLIT.validation.stop - SPLIT.validation.start
    shrunk = [sessions / (sessions + DRIFT_PRIOR * h) for h in (1, 5)]
    assert regressor.level_trust == (shrunk if loss == "qlike" else [1.0, 1.0])


def test_a_missing_anchor_is_refused_in_held_out_rows_and_by_every_forecast():
    x, y = make_rows(60)
    hole = x.copy()
    hole[3, 0] = np.nan
    regressor = KerasVolatilityRegressor(**SMALL).fit(x, y)
    refused = pytest.raises(ValueError, match="anchor column 0 is not finite in row 3")
    for forecast in (regressor.predict, regressor.predict_members):
        with refused:
            forecast(hole)
    with refused:
        KerasVolatilityRegressor(**SMALL).fit(x, y, (hole, y))
