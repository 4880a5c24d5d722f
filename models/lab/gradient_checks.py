"""Gradient checks of every experiment of the lab, and of one deliberately wrong gradient."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from volcast.models.backprop._typing import Float
from volcast.models.backprop.gradient_check import (
    TOLERANCE,
    central_differences,
    compute_parameter_errors,
    relative_error,
)
from volcast.models.backprop.losses import (
    BINARY_CROSS_ENTROPY,
    CATEGORICAL_CROSS_ENTROPY,
    MSE,
    Loss,
)
from volcast.models.backprop.network import Network, Parameters, loss_and_gradients
from volcast.models.backprop.training import Rows
from volcast.models.lab import (
    backpropagation_step,
    batch_sizes,
    computation_graph,
    credit_assignment,
    local_minima,
    logistic_regression,
    quadratic_loss,
    softmax_classification,
    vanishing_gradients,
    xor,
)
from volcast.models.lab.objective_functions import PARABOLA, build_quadratic

DEPTH = 3  # of the stacks; gradients of deeper sigmoids vanish below the rounding error
PLANTED = "XOR, with a sign flipped on purpose"


def build_tables() -> dict[str, pd.DataFrame]:
    """Return `checks`: `subject, loss, gradients` (their number), `error, planted, passed`.

    The error is the largest relative one over the parameters; it passes below `TOLERANCE`.
    """
    records = [*_check_functions(), *_check_networks()]
    table = pd.DataFrame(records, columns=["subject", "loss", "gradients", "error"])
    table["planted"] = table["subject"] == PLANTED
    table["passed"] = table["error"] < TOLERANCE
    return {"checks": table.assign(tolerance=TOLERANCE)}


def backpropagate_with_wrong_sign(
    network: Network, inputs: Float, truth: Float, loss: Loss
) -> tuple[float, Parameters]:
    """Return the loss and its gradients, with the sign of one entry of the first layer flipped."""
    value, gradients = loss_and_gradients(network, inputs, truth, loss)
    gradients[0] = gradients[0].copy()
    gradients[0][0, 0] *= -1.0
    return value, gradients


def _check_functions() -> Iterator[tuple[str, str, int, float]]:
    """Yield the checks of the objective functions and of the computation graph."""
    functions = [(PARABOLA, np.array([5.0]))]
    functions += [
        (build_quadratic(steepness), np.array(quadratic_loss.START))
        for steepness in quadratic_loss.STEEPNESS
    ]
    functions += [(local_minima.TWO_WELLS, np.array(local_minima.STARTS["slope"]))]
    for function, at in functions:
        numeric = central_differences(function.value_at, at)
        yield function.name, "", at.size, relative_error(function.gradient(at), numeric)
    gradients = computation_graph.compute_gradients(
        computation_graph.compute_values(computation_graph.POINT)
    )
    chain = np.array([gradients[name] for name in computation_graph.POINT])
    yield (
        "graph j = 3 (a + b c)",
        "",
        chain.size,
        relative_error(chain, computation_graph.compute_numeric_gradients()),
    )


def _check_networks() -> Iterator[tuple[str, str, int, float]]:
    for subject, network, rows, loss in _list_networks():
        backpropagation = (
            backpropagate_with_wrong_sign if subject == PLANTED else loss_and_gradients
        )
        errors = compute_parameter_errors(network, rows, loss, backpropagation)
        yield subject, loss.name, sum(p.size for p in network.parameters), max(errors)


def _list_networks() -> list[tuple[str, Network, Rows, Loss]]:
    """Return every untrained network of the lab, with its rows and its loss."""
    single_row = (backpropagation_step.INPUTS, backpropagation_step.TRUTH)
    exclusive_or = (xor.build_network(), (xor.INPUTS, xor.TRUTH), BINARY_CROSS_ENTROPY)
    return [
        *(
            (f"2-1-1 network, {name}", backpropagation_step.build_network(), single_row, loss)
            for name, loss in backpropagation_step.LOSSES.items()
        ),
        (
            "2-3-1 network",
            credit_assignment.build_network(),
            (credit_assignment.INPUTS, credit_assignment.TRUTH),
            MSE,
        ),
        ("XOR, 2-4-1", *exclusive_or),
        (
            "one neuron",
            logistic_regression.build_network(),
            logistic_regression.draw_rows(),
            BINARY_CROSS_ENTROPY,
        ),
        (
            "three classes",
            softmax_classification.build_network(),
            softmax_classification.draw_rows()[0],
            CATEGORICAL_CROSS_ENTROPY,
        ),
        ("straight line", batch_sizes.build_line(), batch_sizes.draw_line_rows(), MSE),
        ("curve, 1-8-1", batch_sizes.build_curve_network(), batch_sizes.draw_curve_rows(), MSE),
        *((f"stack of {DEPTH}, {name}", *_stack(name), MSE) for name in vanishing_gradients.NAMES),
        (PLANTED, *exclusive_or),
    ]


def _stack(name: str) -> tuple[Network, Rows]:
    rng = np.random.default_rng(DEPTH)
    inputs, truth = rng.normal(size=(2, 2, vanishing_gradients.UNITS))
    return vanishing_gradients.build_stack(name, DEPTH, rng), (inputs, truth)
