"""Losses of a log-variance forecast, value by value; the minimum, zero, is at the truth."""

from collections.abc import Callable
from typing import Any

from models.backend import tf

Loss = Callable[[Any, Any], Any]

EXPONENT_CAP = 4.0  # a forecast 55 times too low; beyond it the loss goes on as a straight line


def qlike(log_realized: Any, log_forecast: Any) -> Any:
    """Return QLIKE of the variance, ``exp(e) - e - 1`` with ``e = log realized - log forecast``.

    Minimised by the conditional *mean* of the variance, also when the realised value is a noisy
    but unbiased proxy (Patton 2011, Journal of Econometrics 160, eq. 24). Above
    ``e = EXPONENT_CAP`` the exponential continues as its tangent, so that one wild row can
    neither overflow nor turn the sign of its gradient.
    """
    error = log_realized - log_forecast
    capped = tf.minimum(error, EXPONENT_CAP)
    return tf.exp(capped) * (1.0 + error - capped) - error - 1.0


def mse(log_realized: Any, log_forecast: Any) -> Any:
    """Return the squared error of the log variance; its minimum is the mean of the log."""
    return tf.square(log_realized - log_forecast)


LOSSES: dict[str, Loss] = {"qlike": qlike, "mse": mse}
