"""Every refusal of the regressor names the rule and the value."""

import numpy as np
import pandas as pd
import pytest

from tests.models.samples import make_rows
from volcast.models.regressor.estimator import KerasVolatilityRegressor


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("learning_rate", 0, "a number above 0; got 0"),
        ("learning_rate", -1e-3, "a number above 0; got -0.001"),
        ("learning_rate", float("nan"), "a number above 0; got nan"),
        ("learning_rate", float("inf"), "a number above 0; got inf"),
        ("learning_rate", "fast", "a number above 0; got 'fast'"),
        ("learning_rate", True, "a number above 0; got True"),
        ("batch_size", 0, "a whole number, 1 or more, or None; got 0"),
        ("batch_size", 32.0, "a whole number, 1 or more, or None; got 32.0"),
        ("epochs", 0, "a whole number, 1 or more; got 0"),
        ("patience", 0, "a whole number, 1 or more; got 0"),
        ("optimizer", "lion", "one of adam, adamw, .*; got 'lion'"),
        ("schedule", "linear", "one of constant, cosine, .*; got 'linear'"),
        ("warmup_epochs", -1, "0 or more; got -1"),
        ("loss", "mea", 'qlike, or a loss of Keras, such as "mse" or "huber"; got \'mea\''),
        ("loss", 3, 'qlike, or a loss of Keras, such as "mse" or "huber"; got 3'),
        ("hidden", (8, 0), r"a sequence of whole numbers, 1 or more; got \(8, 0\)"),
        ("hidden", 8, "a sequence of whole numbers, 1 or more; got 8"),
        ("hidden", "88", "a sequence of whole numbers, 1 or more; got '88'"),
        ("activation", "step", "one of swish, relu, .*; got 'step'"),
        ("activation", None, "one of swish, relu, .*; got None"),
        ("dropout", 1.0, r"in \[0, 1\); got 1.0"),
        ("initialisation", "zeros", "one of glorot, he; got 'zeros'"),
        ("l2", -0.1, "0 or more; got -0.1"),
        ("weight_decay", -0.1, "0 or more; got -0.1"),
        ("clipping", "all", "one of none, value, .*; got 'all'"),
        ("clip_at", 0, "a number above 0; got 0"),
        ("bootstrap", 1, "true or false; got 1"),
        ("members", 0, "a whole number, 1 or more; got 0"),
        ("validation_fraction", 1, r"in \[0, 1\); got 1"),
        ("validation_fraction", None, r"in \[0, 1\); got None"),
        ("blend", 1.5, r"in \[0, 1\], or None; got 1.5"),
        ("level_trust", -0.1, r"in \[0, 1\], or a sequence of such numbers; got -0.1"),
        ("level_trust", [0.5, 2.0], r"in \[0, 1\], or a sequence .*; got \[0.5, 2.0\]"),
        ("purge", -1, "a whole number, 0 or more, or None; got -1"),
        ("horizons", [0, 5], r"a sequence of whole numbers, 1 or more, or None; got \[0, 5\]"),
        ("horizons", [], r"a sequence of whole numbers, 1 or more, or None; got \[\]"),
        ("seed", 1.5, "a whole number, 0 or more; got 1.5"),
    ],
)
def test_a_parameter_outside_its_rule_is_refused_by_name(name, value, rule):
    with pytest.raises(ValueError, match=f"^{name} must be {rule}"):
        KerasVolatilityRegressor(**{name: value}).fit(*make_rows(20))


def test_every_parameter_has_a_rule():
    untouched = {"anchor", "levels"}  # checked against the columns of X
    for name in set(KerasVolatilityRegressor().get_params()) - untouched:
        with pytest.raises(ValueError, match=f"^{name} must be"):
            KerasVolatilityRegressor(**{name: object()}).fit(*make_rows(20))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (-1e-4, "finite and above 0; got -0.0001"),
        (0.0, "finite and above 0; got 0"),
        (np.nan, "y contains NaN"),
        (np.inf, "y contains infinity"),
    ],
)
def test_a_target_that_is_no_variance_is_refused(value, message):
    x, y = make_rows(20)
    spoilt = y.copy()
    spoilt[3] = value
    with pytest.raises(ValueError, match=message):
        KerasVolatilityRegressor().fit(x, spoilt)
    with pytest.raises(ValueError, match=message):
        KerasVolatilityRegressor().fit(x, y, validation_data=(x, spoilt))


def test_a_missing_value_in_an_anchor_column_is_refused_with_its_row():
    x, y = make_rows(20)
    regressor = KerasVolatilityRegressor(anchor=[0, 2], purge=0, hidden=(4,), members=2, epochs=1)
    regressor.fit(x, y)
    x[7, 2] = np.nan
    with pytest.raises(ValueError, match="anchor column 2 is not finite in row 7"):
        KerasVolatilityRegressor(anchor=[0, 2], purge=0).fit(x, y)
    with pytest.raises(ValueError, match="anchor column 2 is not finite in row 7"):
        regressor.predict(x)


def test_an_unknown_anchor_column_is_refused():
    x, y = make_rows(20)
    frame = pd.DataFrame(x, columns=["one", "two", "three"])
    with pytest.raises(ValueError, match="the column 'four'; X has one, two, three"):
        KerasVolatilityRegressor(anchor=["four"]).fit(frame, y)
    with pytest.raises(ValueError, match="the column 'one'; X has none: X has no column names"):
        KerasVolatilityRegressor(anchor=["one"]).fit(x, y)
    for column in (3, -1, 1.0, True):
        with pytest.raises(ValueError, match=f"columns from 0 to 2; got {column}"):
            KerasVolatilityRegressor(anchor=[column]).fit(x, y)


def test_one_row_is_too_few():
    x, y = make_rows(1)
    with pytest.raises(ValueError, match=r"1 sample\(s\).* minimum of 2"):
        KerasVolatilityRegressor().fit(x, y)


def test_infinite_inputs_are_refused():
    x, y = make_rows(20)
    x[0, 0] = np.inf
    with pytest.raises(ValueError, match="X contains infinity"):
        KerasVolatilityRegressor().fit(x, y)


def test_a_purge_that_leaves_no_training_rows_is_refused():
    with pytest.raises(ValueError, match=r"0\.1 and purge 18 leave none of 20 rows to train on"):
        KerasVolatilityRegressor(purge=18).fit(*make_rows(20))


def test_validation_data_must_have_the_shape_of_the_training_data():
    x, y = make_rows(20, targets=2)
    with pytest.raises(ValueError, match=r"X has 2 features, .* expecting 3"):
        KerasVolatilityRegressor().fit(x, y, validation_data=(x[:, :2], y))
    with pytest.raises(ValueError, match="validation_data has 1 targets per row; y has 2"):
        KerasVolatilityRegressor().fit(x, y, validation_data=(x, y[:, 0]))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        KerasVolatilityRegressor().fit(x, y, validation_data=(x, y[:9]))


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (np.ones(19), r"one weight for each of the 20 rows; its shape is \(19,\)"),
        (np.ones((20, 2)), r"its shape is \(20, 2\)"),
        (np.linspace(-1.0, 1.0, 20), "finite and 0 or more; got -1 in row 0"),
        (np.append(np.ones(19), np.nan), "finite and 0 or more; got nan in row 19"),
        (np.zeros(20), "the weight zero in every row"),
    ],
)
def test_weights_that_are_none_are_refused(weight, message):
    x, y = make_rows(20)
    with pytest.raises(ValueError, match=f"^sample_weight .*{message}"):
        KerasVolatilityRegressor(purge=0).fit(x, y, sample_weight=weight)
    with pytest.raises(ValueError, match=f"^sample_weight .*{message}"):
        KerasVolatilityRegressor().fit(x, y, validation_data=(x, y, weight))
