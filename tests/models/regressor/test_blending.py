import numpy as np
import pytest

from volcast.models.regressor.blending import FEW_ROWS, MANY_ROWS, choose_blend
from volcast.models.regressor.estimator import KerasVolatilityRegressor


def test_the_weight_falls_from_a_half_to_a_quarter_with_the_log_of_the_rows():
    middle = int(np.sqrt(FEW_ROWS * MANY_ROWS))
    weights = [choose_blend(rows) for rows in (2, int(FEW_ROWS), middle, int(MANY_ROWS), 10**7)]
    assert weights == [0.5, 0.5, 0.375, 0.25, 0.25]


def test_without_a_weight_that_of_the_rows_is_used_and_survives_a_save(tmp_path):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 3))
    y = np.exp(0.5 * x[:, 0] - 9.0 + 0.3 * rng.normal(size=300))
    options = {"hidden": (4,), "members": 2, "epochs": 2, "anchor": [0], "purge": 0}
    regressor = KerasVolatilityRegressor(**options, blend=None).fit(x, y)
    assert regressor.blend_ == choose_blend(300)
    regressor.save(tmp_path)
    loaded = KerasVolatilityRegressor.load(tmp_path).predict(x)
    assert (loaded == regressor.predict(x)).all()
    halved = np.log(regressor.set_params(blend=0.5).predict(x))
    assert np.log(loaded) == pytest.approx(halved, rel=1e-12)
    assert not np.allclose(np.log(loaded), np.log(regressor.set_params(blend=0.0).predict(x)))
