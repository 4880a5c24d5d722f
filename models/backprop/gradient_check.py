"""Gradient check: the gradient by the chain rule against finite differences of the loss."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from volcast.models.backprop._typing import Float
from volcast.models.backprop.losses import Loss
from volcast.models.backprop.network import Network, Parameters, loss_and_gradients
from volcast.models.backprop.training import Rows

# Balances the error of the difference (~ step^2) with rounding (~ eps / step): Nocedal & Wright,
# Numerical Optimization, section 8.1.
STEP = float(np.cbrt(np.finfo(np.float64).eps))
TOLERANCE = 1e-6  # correct gradients are orders of magnitude below, wrong ones are near 1

Backpropagation = Callable[[Network, Float, Float, Loss], tuple[float, Parameters]]


def central_differences(value: Callable[[Float], float], at: Float) -> Float:
    """Return ``(f(x + h) - f(x - h)) / 2h`` for each entry of `at`.

    Examples
    --------
    >>> central_differences(lambda x: float((x**3).sum()), np.array([2.0])).round(6).tolist()
    [12.0]
    """
    slope = np.empty_like(at)
    for index in np.ndindex(at.shape):
        step = np.zeros_like(at)
        step[index] = STEP
        slope[index] = (value(at + step) - value(at - step)) / (2.0 * STEP)
    return slope


def relative_error(one: Float, other: Float) -> float:
    """Return ``|one - other| / (|one| + |other|)``: 0 if they are equal, 1 if they are opposite."""
    size = np.linalg.norm(one) + np.linalg.norm(other)
    return float(np.linalg.norm(one - other) / size) if size > 0 else 0.0


def compute_parameter_errors(
    network: Network,
    rows: Rows,
    loss: Loss,
    backpropagation: Backpropagation = loss_and_gradients,
) -> list[float]:
    """Return the relative error of each parameter's gradient: weights, bias, weights, ..."""
    _, gradients = backpropagation(network, *rows, loss)
    numeric = [
        central_differences(_build_loss_of_parameter(network, number, rows, loss), parameter)
        for number, parameter in enumerate(network.parameters)
    ]
    return [relative_error(*pair) for pair in zip(gradients, numeric, strict=True)]


def _build_loss_of_parameter(
    network: Network, number: int, rows: Rows, loss: Loss
) -> Callable[[Float], float]:
    """Return the loss as a function of one parameter, the others fixed."""
    inputs, truth = rows

    def value(parameter: Float) -> float:
        changed: Sequence[Float] = [
            parameter if position == number else other
            for position, other in enumerate(network.parameters)
        ]
        return loss.value(truth, network.with_parameters(list(changed)).predict(inputs))

    return value
