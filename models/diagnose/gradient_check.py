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
ENTRIES = 128  # of a kernel or bias that are checked; of a larger one so many are drawn
# The cube root of float64's precision: there the error of central differences, which goes with the
# square of the step, meets that of rounding, which goes with the precision over the step.
STEP = 6e-6
SHORTER_STEP = STEP / 4  # a second opinion: at a kink the two disagree
KINK = 1e-6  # of a part's largest gradient, by which the two disagree at a kink
# In the slope of a loss near 1, what float64 rounds away: no sign of a kink.
ROUNDING = 16 * float(np.finfo(np.float64).eps) / SHORTER_STEP
NETWORKS_AT_ONCE = 256
BIAS_SCALE = 0.1

Float = NDArray[np.float64]
Tables = dict[str, pd.DataFrame]


def check_gradients(
    problem: TrainingProblem, regressor: KerasVolatilityRegressor | None = None, *, seed: int = 0
) -> Tables:
    """Return how far automatic gradients of a regressor's network and loss are from numerical ones.

    Table `parts` has a row for the loss itself (its slope by the forecast; layer 0) and one for
    each kernel and bias, from the first layer to the output: `part, layer, size, entries, kinks,
    gradient_norm, relative_error, worst_error, rounding`.

    - `relative_error` is the norm of the difference over the sum of the two norms, over `entries`
      of the part's `size`; `worst_error` is the largest difference over the largest gradient.
    - `kinks` counts entries left out because the numerical gradients of two steps disagree there,
      as they do next to a kink of ReLU, mae or Huber's loss, or where the loss is too coarse.
    - `rounding` is the relative difference of the two elsewhere: the check sees nothing smaller.

    All weights are drawn by `seed`. (Where training starts, the last layer and with it every
    hidden gradient is zero.) The rows are 64 training rows, evenly spread. Dropout is off, and the
    L2 penalty is part of the loss.
    """
    plan = problem.build_plan(regressor)
    random = np.random.default_rng(seed)
    point = _draw_weights(plan, seed, random)
    loss = LossFunction(problem, plan)
    ends = np.cumsum([np.prod(shape) for shape in plan.architecture.shapes()])
    places = np.split(np.arange(ends[-1]), ends[:-1])
    chosen = [random.choice(part, min(ENTRIES, len(part)), replace=False) for part in places]
    entries = np.concatenate(chosen)
    gradients = (
        loss.automatic(point)[entries],
        loss.numerical(point, entries, STEP),
        loss.numerical(point, entries, SHORTER_STEP),
    )
    cuts = np.cumsum([len(part) for part in chosen])[:-1]
    slopes = loss.slopes(point)
    records = [{"part": "loss", "layer": 0, "size": slopes[0].size, **compare_gradients(*slopes)}]
    for number, by_part in enumerate(zip(*(np.split(g, cuts) for g in gradients), strict=True)):
        part = {"part": ("kernel", "bias")[number % 2], "layer": number // 2 + 1}
        records.append({**part, "size": len(places[number]), **compare_gradients(*by_part)})
    return {"parts": pd.DataFrame(records)}


class LossFunction:
    """The loss over the checked rows as a function of weights, in float64."""

    def __init__(self, problem: TrainingProblem, plan: TrainingPlan) -> None:
        spread = np.linspace(0, len(problem.training) - 1, CHECKED_ROWS).astype(np.intp)
        numbers = problem.training[np.unique(spread)]
        rows = problem.rows
        self._inputs, self._anchor, self._target = (
            part[numbers].astype(np.float64) for part in (rows.inputs, rows.anchor, rows.target)
        )
        self._plan = plan
        self._row_loss = build_row_loss(plan.optimization.loss)

    def automatic(self, point: Float) -> Float:
        """Return the gradient at weights `point` (P,) by automatic differentiation."""
        weights = tf.constant(point[None])
        with tf.GradientTape() as tape:
            tape.watch(weights)
            loss = self._loss(build_stack(self._plan.architecture, 1, dtype="float64"), weights)
        return np.asarray(tape.gradient(loss, weights)[0])

    def numerical(self, point: Float, entries: NDArray[np.intp], step: float) -> Float:
        """Return the gradient by some entries, by central differences: networks side by side."""
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

    def slopes(self, point: Float) -> tuple[Float, Float, Float]:
        """Return the loss's slope by each forecast: automatic, and numerical by both steps."""
        stack = build_stack(self._plan.architecture, 1, dtype="float64")
        forecast = self._forecast(stack, tf.constant(point[None]))[0]
        with tf.GradientTape() as tape:
            tape.watch(forecast)
            losses = self._row_loss(tf.constant(self._target), forecast)
        automatic = np.asarray(tape.gradient(losses, forecast))
        numerical = [self._slope(forecast.numpy(), step) for step in (STEP, SHORTER_STEP)]
        return automatic.ravel(), numerical[0].ravel(), numerical[1].ravel()

    def _slope(self, forecast: Float, step: float) -> Float:
        """Return the loss's slope by each output of each row's forecast, (n, H)."""
        columns = []
        for moved in step * np.eye(forecast.shape[1]):
            above, below = (
                np.asarray(self._row_loss(tf.constant(self._target), tf.constant(forecast + way)))
                for way in (moved, -moved)
            )
            columns.append((above - below) / (2.0 * step))
        return np.stack(columns, axis=1)

    def _loss(self, stack: Any, weights: Any) -> Any:
        """Return the loss of each network of weights (networks, P), penalty included."""
        target = np.broadcast_to(self._target, (weights.shape[0], *self._target.shape))
        loss = tf.reduce_mean(
            self._row_loss(tf.constant(target), self._forecast(stack, weights)), 1
        )
        kernels = _layers(weights, self._plan.architecture)[::2]
        squares = [tf.reduce_sum(tf.square(kernel), axis=(1, 2)) for kernel in kernels]
        return loss + self._plan.optimization.l2 * tf.add_n(squares)

    def _forecast(self, stack: Any, weights: Any) -> Any:
        layers = _layers(weights, self._plan.architecture)
        fixed = [variable.value for variable in stack.non_trainable_variables]
        inputs = np.broadcast_to(self._inputs, (weights.shape[0], *self._inputs.shape))
        correction, _ = stack.stateless_call(layers, fixed, tf.constant(inputs), training=False)
        return self._anchor + correction


def _draw_weights(plan: TrainingPlan, seed: int, random: np.random.Generator) -> Float:
    """Return weights (P,) as training draws them, but with biases and a last layer, too."""
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


def _layers(weights: Any, architecture: Architecture) -> list[Any]:
    """Return kernels and biases (networks, ...) of rows of weights, as tensors."""
    shapes = architecture.shapes()
    parts = tf.split(weights, [int(np.prod(shape)) for shape in shapes], axis=1)
    return [
        tf.reshape(part, (weights.shape[0], *shape))
        for part, shape in zip(parts, shapes, strict=True)
    ]


def compare_gradients(automatic: Float, numerical: Float, shorter: Float) -> dict[str, float]:
    """Return the figures of one part from its automatic gradient and two numerical ones."""
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
