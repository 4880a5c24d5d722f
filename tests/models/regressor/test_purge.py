"""The rows between training and held-out part: from the horizons, or with a warning."""

import warnings

import numpy as np
import pandas as pd
import pytest

from tests.models.samples import make_rows
from volcast.models.regressor.estimator import KerasVolatilityRegressor
from volcast.models.regressor.purge import choose_purge, list_target_names

SMALL = {"hidden": (4,), "members": 2, "epochs": 1}


@pytest.mark.parametrize(
    ("names", "purge"),
    [
        (["target_1", "target_22"], 22),
        (["h1", "h5"], 5),
        (["variance 5"], 5),
        (["5", "22"], 22),
    ],
)
def test_the_longest_horizon_is_read_from_the_names_of_the_targets(names, purge):
    assert choose_purge(None, None, names) == purge


@pytest.mark.parametrize("names", [[], ["one"], ["target_1", "other"], [1, 5], ["v2"], ["h0"]])
def test_unknown_horizons_are_reported(names):
    with pytest.warns(UserWarning, match="set horizons to .* or purge to a number of rows"):
        assert choose_purge(None, None, names) == 0


def test_what_is_given_comes_first():
    assert choose_purge(3, [22], ["h5"]) == 3
    assert choose_purge(None, [1, 22], ["h5"]) == 22
    assert list_target_names(pd.Series([1.0], name="target_5")) == ["target_5"]
    assert list_target_names(np.ones(3)) == []


def test_a_regressor_purges_by_the_horizons_of_its_targets():
    x, y = make_rows(200, targets=2)
    frame = pd.DataFrame(y, columns=["target_1", "target_22"])
    named = KerasVolatilityRegressor(**SMALL).fit(x, frame)
    given = KerasVolatilityRegressor(**SMALL, purge=22).fit(x, y)
    np.testing.assert_array_equal(named.predict(x), given.predict(x))
    without = KerasVolatilityRegressor(**SMALL, purge=0).fit(x, y)
    assert (without.predict(x) != given.predict(x)).any()


def test_the_warning_is_about_a_held_out_part_that_the_regressor_cuts_itself():
    x, y = make_rows(60)
    with pytest.warns(UserWarning, match="horizons of the targets are unknown") as seen:
        KerasVolatilityRegressor(**SMALL).fit(x, y)
    assert seen[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        KerasVolatilityRegressor(**SMALL).fit(x, y, make_rows(20, seed=1))
        KerasVolatilityRegressor(**SMALL, validation_fraction=0.0).fit(x, y)
