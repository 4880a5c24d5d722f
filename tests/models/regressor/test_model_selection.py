"""The regressor in scikit-learn's tools: grid search, pipelines, frames and weights."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from volcast import KerasVolatilityRegressor
from volcast.metrics import qlike, qlike_scorer
from volcast.model_selection import PurgedWalkForward

TINY = {"members": 1, "epochs": 1, "hidden": (2,), "batch_size": 64, "horizons": [1]}


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(5)
    X = pd.DataFrame(rng.normal(size=(240, 3)), columns=["har_1", "har_5", "other"])
    return X, np.exp(0.5 * X["har_1"] - 9 + 0.3 * rng.normal(size=240)).rename("target_1")


@pytest.fixture(scope="module")
def searched(rows):
    X, y = rows
    steps = [
        ("scale", StandardScaler()),
        ("net", KerasVolatilityRegressor(anchor=["har_1"], **TINY)),
    ]
    pipeline = Pipeline(steps).set_output(transform="pandas")
    search = GridSearchCV(
        pipeline,
        {"net__learning_rate": [1e-4, 1e-2]},
        cv=PurgedWalkForward(2, purge=1),
        scoring=qlike_scorer,
        error_score="raise",
    )
    return search.fit(X, y, net__sample_weight=np.linspace(0.5, 1.0, len(X)))


def test_a_grid_search_over_a_pipeline_selects_by_qlike(searched):
    scores = searched.cv_results_["mean_test_score"]
    assert (scores < 0).all() and searched.best_score_ == scores.max()
    assert searched.best_params_["net__learning_rate"] in (1e-4, 1e-2)


def test_scores_are_those_of_the_folds(searched, rows):
    X, y = rows
    train, test = next(iter(PurgedWalkForward(2, purge=1).split(X)))
    best = searched.best_index_
    weight = np.linspace(0.5, 1.0, len(X))[train]
    model = clone(searched.best_estimator_)
    model.fit(X.iloc[train], y.iloc[train], net__sample_weight=weight)
    by_hand = -qlike(y.iloc[test], model.predict(X.iloc[test]))
    assert searched.cv_results_["split0_test_score"][best] == pytest.approx(by_hand, rel=1e-9)


def test_columns_are_known_by_their_names_inside_the_pipeline(searched):
    network = searched.best_estimator_.named_steps["net"]
    assert list(network.feature_names_in_) == ["har_1", "har_5", "other"]
