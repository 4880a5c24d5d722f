"""Every declared name exists, and settings and regressor accept the same ones."""

import pytest

from volcast.models import training_options as options
from volcast.models.backend import keras, tf
from volcast.models.engine.losses import build_row_loss
from volcast.models.engine.optimization import Clipping, build_keras_optimizer, clip_gradient
from volcast.models.engine.schedules import Schedule
from volcast.models.regressor.estimator import KerasVolatilityRegressor
from volcast.models.regressor.validation import check_parameters
from volcast.pipeline.config.settings import ModelSettings


def test_every_declared_name_exists():
    for optimizer in options.OPTIMIZERS:
        assert isinstance(build_keras_optimizer(optimizer, 0.1), keras.optimizers.Optimizer)
    for schedule in options.SCHEDULES:
        assert Schedule(schedule).compute_factors(1, steps=2, epochs=2).shape == (2,)
    for clipping in set(options.CLIPPINGS) - {"none"}:
        assert clip_gradient(tf.ones([1, 3]), Clipping(clipping, 0.5), [1, 2]).shape == (1, 3)
    for activation in options.ACTIVATIONS:
        assert callable(keras.activations.get(activation))
    for loss in options.LOSSES:
        assert callable(build_row_loss(loss))


@pytest.mark.parametrize(
    ("field", "names"),
    [
        ("optimizer", options.OPTIMIZERS),
        ("schedule", options.SCHEDULES),
        ("clipping", options.CLIPPINGS),
        ("activation", options.ACTIVATIONS),
        ("initialisation", options.INITIALISATIONS),
        ("loss", options.LOSSES),
    ],
)
def test_settings_and_regressor_accept_the_same_names(field, names):
    for name in names:
        assert getattr(ModelSettings(**{field: name}), field) == name
        check_parameters(KerasVolatilityRegressor(**{field: name}).get_params())
    with pytest.raises(ValueError, match="unheard_of"):
        ModelSettings(**{field: "unheard_of"})
    with pytest.raises(ValueError, match="unheard_of"):
        check_parameters(KerasVolatilityRegressor(**{field: "unheard_of"}).get_params())
