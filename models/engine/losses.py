"""Losses of a log-variance forecast by row; their minimum, zero, is at the realised value."""

from collections.abc import Callable
from typing import Any

import numpy as np

from volcast.models.backend import keras, tf

Loss = Callable[[Any, Any], Any]

EXPONENT_CAP = 4.0  # a forecast 55 times too low; beyond it the loss is linear


def qlike(log_realized: Any, log_forecast: Any) -> Any:
    """Return the QLIKE loss, ``exp(e) - e - 1`` with ``e = log realized - log forecast``.

    It is the mean over the last axis (horizons) of (..., H), as in Keras's losses. The conditional
    *mean* of the variance minimises it, also when the realised value is a noisy but unbiased proxy
    (Patton 2011, Journal of Econometrics 160, eq. 24). Above ``e = EXPONENT_CAP`` the exponential
    is continued by its tangent, so that an extreme row can neither overflow nor reverse the sign
    of its gradient.
    """
    error = log_realized - log_forecast
    capped = tf.minimum(error, EXPONENT_CAP)
    return tf.reduce_mean(tf.exp(capped) * (1.0 + error - capped) - error - 1.0, axis=-1)


def build_output_loss(loss: Loss, outputs: int) -> Loss:
    """Return the loss of each output, which maps truth and forecast (..., H) to (..., H).

    A loss that is not a mean over its outputs cannot be split: each output then gets all of it.
    """
    numbers = np.random.default_rng(0).normal(size=(2, 8, outputs)).astype(np.float32)
    mean = np.asarray(loss(*tf.constant(numbers)))
    parts = np.asarray(loss(*tf.constant(numbers[..., None])))
    if parts.shape == numbers.shape[1:] and np.allclose(parts.mean(axis=-1), mean, rtol=1e-5):
        return lambda truth, forecast: loss(truth[..., None], forecast[..., None])
    return lambda truth, forecast: tf.repeat(loss(truth, forecast)[..., None], outputs, axis=-1)


def build_row_loss(loss: str | Loss) -> Loss:
    """Return the loss of each row, which maps truth and forecast (..., H) to (...).

    `loss` is "qlike", the name of a Keras loss ("mse", "huber", "log_cosh", ...), a
    `keras.losses.Loss` (its reduction over rows is left to the engine) or a function of truth and
    forecast with the shapes above.

    Raises
    ------
    ValueError
        Keras has no loss of that name.
    """
    if loss == "qlike":
        return qlike
    found: Any = keras.losses.get(loss)
    per_row: Loss = found.call if isinstance(found, keras.losses.Loss) else found
    return per_row
