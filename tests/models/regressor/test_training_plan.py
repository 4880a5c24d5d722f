"""The plan and the members of a training."""

import numpy as np

from tests.models.samples import make_rows
from volcast.models.regressor.estimator import KerasVolatilityRegressor
from volcast.models.regressor.training_plan import choose_batch_size

SMALL = {"hidden": (4,), "members": 4, "epochs": 3, "purge": 0}


def fitted(x, y, validation_data=None, **parameters):
    return KerasVolatilityRegressor(**{**SMALL, **parameters}).fit(x, y, validation_data)


def test_bootstrapped_members_train_on_other_rows():
    x, y = make_rows(100)
    plain, drawn = (fitted(x, y, bootstrap=b, learning_rate=1e-30) for b in (False, True))
    assert np.ptp(plain.history_["train_loss"][0]) == 0.0
    assert len(set(drawn.history_["train_loss"][0])) == 4
    np.testing.assert_array_equal(plain.history_["val_loss"][0], drawn.history_["val_loss"][0])


def test_schedule_decay_and_clipping_reach_the_engine():
    x, y = make_rows(100)
    options = {"learning_rate": 0.05, "epochs": 3, "purge": 0}
    base = fitted(x, y, **options).history_["train_loss"][-1]
    for change in (
        {"schedule": "cosine"},
        {"warmup_epochs": 2.0},
        {"weight_decay": 0.5},
        {"optimizer": "adamw"},
        {"clipping": "value", "clip_at": 1e-3},
    ):
        changed = fitted(x, y, **options, **change).history_["train_loss"][-1]
        assert (np.abs(changed / base - 1.0) > 1e-6).all(), change


def test_without_a_batch_size_it_goes_by_the_rows():
    sizes = [choose_batch_size(rows) for rows in (1, 500, 8_000, 12_000, 40_000, 10**6)]
    assert sizes == [64, 64, 64, 128, 256, 1024]
    x, y = make_rows(200)
    chosen, given = fitted(x, y), fitted(x, y, batch_size=64)
    np.testing.assert_array_equal(chosen.predict(x), given.predict(x))
