"""Weights of rows: what they do in `fit`, and that rows of weight 0 do not exist."""

import numpy as np
import pytest

from tests.models.samples import make_rows
from volcast.models.regressor.estimator import KerasVolatilityRegressor

SMALL = {"hidden": (4,), "members": 2, "epochs": 2, "anchor": [0], "purge": 0, "blend": 0.5}


def fitted(x, y, *rest, **options):
    return KerasVolatilityRegressor(**SMALL).fit(x, y, *rest, **options)


def test_a_row_of_weight_zero_is_as_good_as_removed():
    x, y = make_rows(120)
    weight = np.ones(len(x))
    weight[10:30] = 0.0
    kept = weight > 0
    weight[40:] = 2.0
    weighted = fitted(np.where(kept[:, None], x, 9.0), y, sample_weight=weight)
    removed = fitted(x[kept], y[kept], sample_weight=weight[kept])
    np.testing.assert_array_equal(weighted.predict(x), removed.predict(x))


def test_equal_weights_are_none():
    x, y = make_rows(80)
    np.testing.assert_array_equal(
        fitted(x, y, sample_weight=np.full(80, 3.0)).predict(x), fitted(x, y).predict(x)
    )


def test_whole_weights_are_repeated_rows_outside_the_networks():
    x, y = make_rows(120, targets=2)
    later = make_rows(40, seed=1, targets=2)
    rng = np.random.default_rng(2)
    times, later_times = (rng.integers(1, 4, len(part)) for part in (x, later[0]))
    weighted = fitted(x, y, (*later, later_times), sample_weight=times)
    x2, y2 = np.repeat(x, times, axis=0), np.repeat(y, times, axis=0)
    repeated = fitted(x2, y2, tuple(np.repeat(part, later_times, axis=0) for part in later))
    for name in ("inputs_", "linear_"):
        mine, theirs = getattr(weighted, name), getattr(repeated, name)
        np.testing.assert_allclose(
            *(
                getattr(m, "predict_log", lambda rows, m=m: m.transform(rows)[0])(x)
                for m in (mine, theirs)
            ),
            atol=1e-5,
        )
    start = [model.history_["val_loss"][0] for model in (weighted, repeated)]
    np.testing.assert_allclose(*start, rtol=1e-5)


def test_heavier_rows_draw_the_networks_to_them():
    x, _ = make_rows(400)
    y = np.exp(np.where(x[:, :1] > 0, 1.0, -1.0) * np.where(np.arange(400) % 2, 1.0, -1.0)[:, None])
    options = {**SMALL, "blend": 0.0, "anchor": None, "epochs": 30, "learning_rate": 0.03}
    odd = np.arange(400) % 2 == 1
    model = KerasVolatilityRegressor(**options)
    forecast = model.fit(x, y, (x, y, 0.01 + odd), sample_weight=0.01 + odd).predict(x)
    assert np.corrcoef(np.log(forecast[:, 0]), np.sign(x[:, 0]))[0, 1] > 0.5


@pytest.mark.parametrize("weight", [None, "given"])
def test_the_score_is_the_qlike_skill_over_the_mean_of_what_came(weight):
    x, y = make_rows(100, targets=2)
    model = fitted(x, y)
    given = np.random.default_rng(0).random(len(x)) if weight else None
    forecast = model.predict(x)
    skills = []
    for target in range(2):
        constant = np.average(y[:, target], weights=given)
        losses = [y[:, target] / f for f in (forecast[:, target], constant)]
        model_loss, reference = (np.average(r - np.log(r) - 1, weights=given) for r in losses)
        skills.append(1.0 - model_loss / reference)
    assert model.score(x, y, sample_weight=given) == pytest.approx(np.mean(skills))
