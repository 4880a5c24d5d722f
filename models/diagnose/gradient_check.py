"""Gradients by automatic differentiation against central differences, in float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from volcast.models.backend import tf
from volcast.models.diagnose.training_problem import TrainingProblem
from volcast.models.engine.losses import build_row_loss
from volcast.models.engine.stacked_network import (
    Architecture,
    build_stack,
    draw_initial_weights,
    flatten_weights,
)
from volcast.models.engine.training import TrainingPlan
from volcast.models.regressor.estimator import KerasVolatilityRegressor

CHECKED_ROWS = 64
ENTRIES = 128  # checked per kernel or bias, drawn at random from a larger one
# The cube root of float64's precision balances the error of central differences, proportional to
# the square of the step, with that of rounding, proportional to the precision over the step.
STEP = 6e-6
SHORTER_STEP = STEP / 4  # next to a kink the differences by both steps disagree
KINK = 1e-6  # smallest disagreement at a kink, as a share of a part's largest gradient
# The rounding error of float64 in the slope of a loss near 1, which is no sign of a kink.
ROUNDING = 16 * float(np.finfo(np.float64).eps) / SHORTER_STEP
NETWORKS_AT_ONCE = 256
BIAS_SCALE = 0.1

Float = NDArray[np.float64]
Tables = dict[str, pd.DataFrame]


def check_gradients(
    problem: TrainingProblem, regressor: KerasVolatilityRegressor | None = None, *, seed: int = 0
) -> Tables:
    """Compare a regressor's automatic gradients with central differences of its loss.

    All weights are drawn at random, by `seed`: where training starts, the last layer is zero, and
    with it every hidden gradient. The rows are 64 training rows, evenly spaced. Dropout is off,
    and the loss includes the L2 penalty.

    Returns
    -------
    parts
        A row for the loss itself (its slope with respect to the forecast; layer 0), and one for
        each kernel and bias, from the first layer to the output: `part, layer, size, entries,
        kinks, gradient_norm, relative_error, worst_error, rounding`.

        `relative_error` is the norm of the difference over the sum of the two norms, over `entries`
        of the part's `size`; `worst_error` is the largest difference over the largest gradient.
        `kinks` counts entries left out because the central differences by two steps disagree, as
        they do next to a kink of ReLU, mae or Huber's loss, or if the loss is too coarse.
        `rounding` is the relative difference of the two elsewhere: smaller errors cannot be seen.
    """
    plan = problem.build_plan(regressor)
    random = np.random.default_rng(seed)
    point = _draw_weights(plan, seed, random)
    loss = LossFunction(problem, plan)
    ends = np.cumsum([np.prod(shape) for shape in plan.architecture.shapes()])
    columns = np.split(np.arange(ends[-1]), ends[:-1])
    chosen = [random.choice(part, min(ENTRIES, len(part)), replace=False) for part in columns]
    entries = np.concatenate(chosen)
    gradients = (
        loss.differentiate(point)[entries],
        loss.compute_differences(point, entries, STEP),
        loss.compute_differences(point, entries, SHORTER_STEP),
    )
    cuts = np.cumsum([len(part) for part in chosen])[:-1]
    slopes = loss.compute_slopes(point)
    records = [{"part": "loss", "layer": 0, "size": slopes[0].size, **compare_gradients(*slopes)}]
    for number, by_part in enumerate(zip(*(np.split(g, cuts) for g in gradients), strict=True)):
        part = {"part": ("kernel", "bias")[number % 2], "layer": number // 2 + 1}
        records.append({**part, "size": len(columns[number]), **compare_gradients(*by_part)})
    return {"parts": pd.DataFrame(records)}


class LossFunction:
    """The loss over the checked rows as a function of weights, in float64."""

    def __init__(self, problem: TrainingProblem, plan: TrainingPlan) -> None:
        spaced = np.linspace(0, len(problem.training) - 1, CHECKED_ROWS).astype(np.intp)
        numbers = problem.training[np.unique(spaced)]
        rows = problem.rows
        self._inputs, self._anchor, self._target = (
            part[numbers].astype(np.float64) for part in (rows.inputs, rows.anchor, rows.target)
        )
        self._plan = plan
        self._row_loss = build_row_loss(plan.optimization.loss)

    def differentiate(self, point: Float) -> Float:
        """Return the gradient at weights `point` (P,) by automatic differentiation."""
        weights = tf.constant(point[None])
        with tf.GradientTape() as tape:
            tape.watch(weights)
            loss = self._loss(build_stack(self._plan.architecture, 1, dtype="float64"), weights)
        return np.asarray(tape.gradient(loss, weights)[0])

    def compute_differences(self, point: Float, entries: NDArray[np.intp], step: float) -> Float:
        """Return the gradient by some entries by central differences, many networks at a time."""
        stack = build_stack(self._plan.architecture, NETWORKS_AT_ONCE, dtype="float64")
        losses = tf.function(
            lambda weights: self._loss(stack, tf.convert_to_tensor(weights)), autograph=False
        )
        found = []
        for start in range(0, len(entries), NETWORKS_AT_ONCE // 2):
            block = np.tile(point, (2, NETWORKS_AT_ONCE // 2, 1))
            moved = entries[start : start + NETWORKS_AT_ONCE // 2]
            block[:, np.arange(len(moved)), moved] += np.array([[step], [-step]])
            above, below = np.split(losses(block.reshape(NETWORKS_AT_ONCE, -1)).numpy(), 2)
            found.append((above - below)[: len(moved)] / (2.0 * step))
        return np.concatenate(found)

    def compute_slopes(self, point: Float) -> tuple[Float, Float, Float]:
        """Return the slope of the loss by forecast: automatic, and by differences of both steps."""
        stack = build_stack(self._plan.architecture, 1, dtype="float64")
        forecast = self._forecast(stack, tf.constant(point[None]))[0]
        with tf.GradientTape() as tape:
            tape.watch(forecast)
            losses = self._row_loss(tf.constant(self._target), forecast)
        automatic = np.asarray(tape.gradient(losses, forecast))
        numerical = [self._compute_slope(forecast.numpy(), step) for step in (STEP, SHORTER_STEP)]
        return automatic.ravel(), numerical[0].ravel(), numerical[1].ravel()

    def _compute_slope(self, forecast: Float, step: float) -> Float:
        """Return the slope of the loss by each output of each row's forecast, (n, H)."""
        columns = []
        for moved in step * np.eye(forecast.shape[1]):
            above, below = (
                np.asarray(
                    self._row_loss(tf.constant(self._target), tf.constant(forecast + change))
                )
                for change in (moved, -moved)
            )
            columns.append((above - below) / (2.0 * step))
        return np.stack(columns, axis=1)

    def _loss(self, stack: Any, weights: Any) -> Any:
        """Return the loss of each network of weights (networks, P), with the L2 penalty."""
        target = np.broadcast_to(self._target, (weights.shape[0], *self._target.shape))
        loss = tf.reduce_mean(
            self._row_loss(tf.constant(target), self._forecast(stack, weights)), 1
        )
        kernels = _split_layers(weights, self._plan.architecture)[::2]
        squares = [tf.reduce_sum(tf.square(kernel), axis=(1, 2)) for kernel in kernels]
        return loss + self._plan.optimization.l2 * tf.add_n(squares)

    def _forecast(self, stack: Any, weights: Any) -> Any:
        layers = _split_layers(weights, self._plan.architecture)
        fixed = [variable.value for variable in stack.non_trainable_variables]
        inputs = np.broadcast_to(self._inputs, (weights.shape[0], *self._inputs.shape))
        correction, _ = stack.stateless_call(layers, fixed, tf.constant(inputs), training=False)
        return self._anchor + correction


def _draw_weights(plan: TrainingPlan, seed: int, random: np.random.Generator) -> Float:
    """Return weights (P,) as training draws them, but with a random last layer and biases."""
    architecture = plan.architecture
    wider = Architecture(
        architecture.inputs,
        1,
        (*architecture.hidden, architecture.outputs),
        architecture.activation,
    )
    weights = draw_initial_weights(wider, [seed], plan.initialisation)[:-2]
    for bias in weights[1::2]:
        bias += BIAS_SCALE * random.normal(size=bias.shape)
    return np.asarray(flatten_weights(weights)[0], dtype=np.float64)


def _split_layers(weights: Any, architecture: Architecture) -> list[Any]:
    """Return the kernels and biases (networks, ...) of weights (networks, P), as tensors."""
    shapes = architecture.shapes()
    parts = tf.split(weights, [int(np.prod(shape)) for shape in shapes], axis=1)
    return [
        tf.reshape(part, (weights.shape[0], *shape))
        for part, shape in zip(parts, shapes, strict=True)
    ]


def compare_gradients(automatic: Float, numerical: Float, shorter: Float) -> dict[str, float]:
    """Return the errors of one part from its automatic gradient and both central differences.

    Examples
    --------
    >>> gradient = np.array([1.0, 2.0])
    >>> compare_gradients(gradient, gradient, gradient)["relative_error"]
    0.0
    """
    scale = max(float(np.abs(numerical).max()), float(np.abs(shorter).max()))
    smooth = np.abs(numerical - shorter) <= KINK * scale + ROUNDING
    one, two, other = automatic[smooth], numerical[smooth], shorter[smooth]
    return {
        "entries": len(automatic),
        "kinks": int((~smooth).sum()),
        "gradient_norm": float(np.linalg.norm(automatic)),
        "relative_error": _relative_distance(one, two),
        "worst_error": float(np.abs(one - two).max(initial=0.0)) / (scale or 1.0),
        "rounding": _relative_distance(two, other),
    }


def _relative_distance(one: Float, other: Float) -> float:
    """Return the norm of the difference over the sum of the norms; 0 where both are zero."""
    norms = float(np.linalg.norm(one) + np.linalg.norm(other))
    return float(np.linalg.norm(one - other)) / norms if norms else 0.0
