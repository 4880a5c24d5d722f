"""The regressor in scikit-learn's hands: its own checks, and the tools it must work in."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from tests.models.samples import make_rows
from volcast.models.regressor.estimator import KerasVolatilityRegressor
from volcast.models.regressor.skill import compute_qlike_skill

SMALL = {"hidden": (4,), "members": 2, "epochs": 2, "purge": 0}

EXEMPTED = {
    "check_regressor_multioutput": "fits negative targets, whatever `positive_only` says; "
    "several targets are tested below",
    **dict.fromkeys(
        (
            "check_sample_weight_equivalence_on_dense_data",
            "check_sample_weight_equivalence_on_sparse_data",
        ),
        "weights and repeated rows agree in regressions and in expectation over the batches only",
    ),
}


# The many epochs are for `check_regressors_train`, which wants a score above 0.5.
@pytest.mark.slow
@parametrize_with_checks(
    [KerasVolatilityRegressor(hidden=(8,), members=1, epochs=40, learning_rate=0.03, purge=0)],
    expected_failed_checks=lambda _: EXEMPTED,
)
def test_scikit_learn_accepts_the_estimator(estimator, check):
    check(estimator)


def test_a_clone_is_unfitted_and_has_the_same_parameters():
    regressor = KerasVolatilityRegressor(**SMALL).fit(*make_rows(60))
    twin = clone(regressor)
    assert twin.get_params() == regressor.get_params()
    assert not hasattr(twin, "network_")


def test_cross_validation_in_time_order_works():
    x, y = make_rows(200)
    regressor, folds = KerasVolatilityRegressor(**SMALL, anchor=[0]), TimeSeriesSplit(3)
    scores = cross_val_score(regressor, x, y[:, 0], cv=folds)
    by_hand = [
        compute_qlike_skill(
            y[test, 0], clone(regressor).fit(x[train], y[train, 0]).predict(x[test])
        )
        for train, test in folds.split(x)
    ]
    np.testing.assert_array_equal(scores, by_hand)


def test_a_grid_search_over_learning_rate_and_batch_size_works():
    search = GridSearchCV(
        KerasVolatilityRegressor(**SMALL),
        {"learning_rate": [1e-4, 1e-1], "batch_size": [16, 64]},
        cv=TimeSeriesSplit(2),
    )
    search.fit(*make_rows(120))
    assert search.best_params_["learning_rate"] == 1e-1


def test_a_pipeline_with_a_scaler_forecasts_as_the_regressor_alone():
    x, y = make_rows(100)
    alone = KerasVolatilityRegressor(**SMALL, anchor=[0]).fit(x, y)
    piped = make_pipeline(StandardScaler(), KerasVolatilityRegressor(**SMALL, anchor=[0]))
    np.testing.assert_allclose(piped.fit(x, y).predict(x), alone.predict(x), rtol=1e-5)


def test_anchor_columns_may_be_named_where_x_is_a_frame():
    x, y = make_rows(100)
    frame = pd.DataFrame(x, columns=["one", "two", "three"])
    named = KerasVolatilityRegressor(**SMALL, anchor=["three", "one"]).fit(frame, y)
    numbered = KerasVolatilityRegressor(**SMALL, anchor=[2, 0]).fit(x, y)
    np.testing.assert_array_equal(named.predict(frame), numbered.predict(x))
    assert named.feature_names_in_.tolist() == ["one", "two", "three"]


def test_columns_in_another_order_are_refused_in_predict_and_in_validation_data():
    x, y = make_rows(60)
    frame = pd.DataFrame(x, columns=["one", "two", "three"])
    turned = frame[["two", "one", "three"]]
    regressor = KerasVolatilityRegressor(**SMALL).fit(frame, y)
    with pytest.raises(ValueError, match="feature names"):
        regressor.predict(turned)
    with pytest.raises(ValueError, match="feature names"):
        clone(regressor).fit(frame, y, validation_data=(turned, y))


def test_one_target_may_be_flat_or_a_column():
    x, y = make_rows(60)
    column = KerasVolatilityRegressor(**SMALL).fit(x, y).predict(x)
    flat = KerasVolatilityRegressor(**SMALL).fit(x, y[:, 0]).predict(x)
    assert column.shape == (60, 1)
    assert flat.shape == (60,)
    np.testing.assert_array_equal(flat, column[:, 0])


def test_several_targets_are_forecast_at_once():
    x, y = make_rows(60, targets=3)
    forecast = KerasVolatilityRegressor(**SMALL).fit(x, y).predict(x)
    assert forecast.shape == (60, 3)
    assert forecast.dtype == np.float64


def test_missing_inputs_count_as_the_training_mean():
    x, y = make_rows(60)
    regressor = KerasVolatilityRegressor(**SMALL, anchor=[0]).fit(x, y)
    missing, filled = x[:5].copy(), x[:5].copy()
    missing[:, 1], filled[:, 1] = np.nan, regressor.inputs_.scaler.mean[1]
    np.testing.assert_array_equal(regressor.predict(missing), regressor.predict(filled))
