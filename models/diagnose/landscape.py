"""The loss surface of a trained network over planes through its weights, and its training path."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from volcast.models.backend import keras, tf
from volcast.models.diagnose.training_problem import RowNumbers, TrainingProblem
from volcast.models.diagnose.weight_planes import Plane, build_random_plane, fit_path_plane
from volcast.models.engine.losses import build_row_loss
from volcast.models.engine.stacked_network import build_stack, draw_initial_weights, flatten_weights
from volcast.models.engine.training import TrainingPlan, train
from volcast.models.regressor.estimator import KerasVolatilityRegressor

SIZE = 31  # points per side
MOST_ROWS = 2_000  # of a part, evenly spaced; a surface needs no more
RATES = (1.0, 0.3, 3.0)  # times the configured rate; the first is that of the centre
RANDOM_REACH = 1.0  # of the units' own norms
RUNAWAY = 10.0  # times the initial loss: a path beyond it would dwarf the others
MARGIN = 0.25  # of a path's extent, around it
NARROWEST = 0.3  # shortest side of a plane, as a share of the longer one
NETWORKS_AT_ONCE = 32
RANDOM, PATH, ALL_RATES = "random", "path", "rates"
PARTS = ("training", "validation")

Float = NDArray[np.float64]
Tables = dict[str, pd.DataFrame]


@dataclass(frozen=True)
class TrainingPath:
    """The training of one network.

    Attributes
    ----------
    learning_rate
        Its base rate.
    weights
        (epochs + 1, P), the initial ones first.
    val_loss
        (epochs + 1,), as the engine reports it.
    """

    learning_rate: float
    weights: Float
    val_loss: Float

    @property
    def best_epoch(self) -> int:
        """The best epoch after the start, at which the network has no correction yet."""
        return 1 + int(np.argmin(self.val_loss[1:]))


def measure_landscape(
    problem: TrainingProblem, regressor: KerasVolatilityRegressor | None = None, *, size: int = SIZE
) -> Tables:
    """Return loss surfaces around the first member's network, and the paths of its training.

    The centre of each plane is the network at its best epoch, by the validation loss averaged over
    horizons. The planes are:

    - `random`: two random directions, normalised filter by filter; 1 is the norm of a unit's own
      weights.
    - `path`: the first two principal components of the path from the first weights to the last;
      x and y are distances between weights.
    - `rates`: the principal components of the paths at 1, 0.3 and 3 times the configured learning
      rate together, which start at the same weights and train on the same batches.

    Returns
    -------
    surface
        `plane, part, x, y, loss`: `size` x `size` points of each plane and part (training,
        validation).
    path
        A row per plane, learning rate and epoch: `x, y`, the nearest point in the plane; `distance`
        from it; for each part the loss of the actual weights, `training_loss` and
        `validation_loss`, and that of the point in the plane, `training_loss_on_plane` and
        `validation_loss_on_plane`; `centre` marks the network itself. A path ends before weights
        that are not finite, or a loss of ten times the first one.
    planes
        `plane, share` (of the paths' squared distances from the centre that the plane explains),
        and the number of rows of each part.

    Raises
    ------
    ValueError
        The configured training diverges in its first epoch.
    """
    plan = problem.build_plan(regressor)
    paths = record_training_paths(problem, regressor)
    own = paths[0]
    if len(own.weights) < 2:
        raise ValueError(
            "the network diverged in its first epoch, so there is no path to show; lower "
            f"learning_rate ({own.learning_rate:g}) or clip the gradients"
        )
    centre = own.weights[own.best_epoch]
    seed = (regressor or problem.regressor).seed
    union = np.concatenate([path.weights for path in paths])
    planes = {
        RANDOM: (build_random_plane(centre, plan.architecture, seed), paths[:1]),
        PATH: (fit_path_plane(centre, own.weights, seed), paths[:1]),
        ALL_RATES: (fit_path_plane(centre, union, seed), paths),
    }
    losses = LossEvaluator(problem, plan)
    tables = [_measure_plane(name, *plane, losses, size) for name, plane in planes.items()]
    return {
        name: pd.concat([part[name] for part in tables], ignore_index=True) for name in tables[0]
    }


def _measure_plane(
    name: str, plane: Plane, paths: list[TrainingPath], losses: LossEvaluator, size: int
) -> Tables:
    """Return the tables of one plane; the first path is that of the network at its centre."""
    own = paths[0]
    path_table = pd.concat(
        [_build_path_table(plane, path, losses) for path in paths], ignore_index=True
    )
    path_table["centre"] = (path_table["learning_rate"] == own.learning_rate) & (
        path_table["epoch"] == own.best_epoch
    )
    points = _build_grid(None if name == RANDOM else path_table, size)
    surfaces = [
        pd.DataFrame({"plane": name, "part": part, "x": points[:, 0], "y": points[:, 1]}).assign(
            loss=loss
        )
        for part, loss in losses.evaluate(plane.compute_weights(points)).items()
    ]
    share = plane.compute_share(np.concatenate([path.weights for path in paths]))
    rows = {f"{part}_rows": len(numbers) for part, numbers in losses.numbers.items()}
    return {
        "surface": pd.concat(surfaces, ignore_index=True),
        "path": path_table.assign(plane=name),
        "planes": pd.DataFrame([{"plane": name, "share": share, **rows}]),
    }


def record_training_paths(
    problem: TrainingProblem, regressor: KerasVolatilityRegressor | None = None
) -> list[TrainingPath]:
    """Return the path of the first member at each of `RATES`, with early stopping."""
    plan, first = problem.build_plan(regressor), problem.build_members(regressor)[0]
    members = [replace(first, learning_rate=rate * first.learning_rate) for rate in RATES]
    seeds = [first.seed] * len(members)
    start = draw_initial_weights(plan.architecture, seeds, plan.initialisation)
    recorder = _WeightRecorder()
    trained = train(problem.rows, members, plan, callbacks=[recorder])
    weights = np.array([flatten_weights(start), *recorder.weights], dtype=np.float64)
    paths = []
    for number, member in enumerate(members):
        own = weights[: trained.epochs_run[number] + 1, number]
        loss = trained.val_loss[: len(own), number]
        stable = count_stable_epochs(own, loss)
        paths.append(TrainingPath(member.learning_rate, own[:stable], loss[:stable]))
    return paths


def count_stable_epochs(weights: Float, loss: Float) -> int:
    """Return the number of epochs, the start included, before a training diverges.

    `weights` is (epochs + 1, P), `loss` (epochs + 1,); a loss above ten times the first one counts
    as divergence.
    """
    stable = np.isfinite(weights).all(axis=1) & (loss <= RUNAWAY * np.abs(loss[0]))
    return int(stable.cumprod().sum())


class _WeightRecorder(keras.callbacks.Callback):
    """Records the weights of the stack after each epoch, (members, P)."""

    def __init__(self) -> None:
        super().__init__()
        self.weights: list[NDArray[np.float32]] = []

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Record the current weights."""
        self.weights.append(flatten_weights([v.numpy() for v in self.model.trainable_variables]))


class LossEvaluator:
    """Computes the mean loss of many networks over thinned rows of both parts."""

    def __init__(self, problem: TrainingProblem, plan: TrainingPlan) -> None:
        self.numbers = {
            part: _thin_numbers(numbers)
            for part, numbers in zip(PARTS, (problem.training, problem.validation), strict=True)
        }
        self._plan = plan
        self._stack = build_stack(plan.architecture, NETWORKS_AT_ONCE)
        self._loss = build_row_loss(plan.optimization.loss)
        rows = problem.rows
        self._columns = {
            part: [tf.constant(c[numbers]) for c in (rows.inputs, rows.anchor, rows.target)]
            for part, numbers in self.numbers.items()
        }
        self._compiled = tf.function(self._evaluate_block, jit_compile=True, autograph=False)

    def evaluate(self, weights: Float) -> dict[str, Float]:
        """Return the losses of weights (n, P) by part, each (n,)."""
        count = len(weights)
        padded = np.zeros((-(-count // NETWORKS_AT_ONCE) * NETWORKS_AT_ONCE, weights.shape[1]))
        padded[:count] = weights
        blocks = np.split(padded.astype(np.float32), len(padded) // NETWORKS_AT_ONCE)
        return {
            part: np.concatenate([self._compiled(block, *columns) for block in blocks])[
                :count
            ].astype(np.float64)
            for part, columns in self._columns.items()
        }

    def _evaluate_block(self, weights: Any, inputs: Any, anchor: Any, target: Any) -> Any:
        shapes = self._plan.architecture.shapes()
        parts = tf.split(weights, [int(np.prod(shape)) for shape in shapes], axis=1)
        layers = [
            tf.reshape(part, (NETWORKS_AT_ONCE, *shape))
            for part, shape in zip(parts, shapes, strict=True)
        ]
        fixed = [variable.value for variable in self._stack.non_trainable_variables]
        shared = tf.broadcast_to(inputs, (NETWORKS_AT_ONCE, *inputs.shape))
        correction, _ = self._stack.stateless_call(layers, fixed, shared, training=False)
        truth = tf.broadcast_to(target, correction.shape)
        return tf.reduce_mean(self._loss(truth, anchor + correction), axis=1)


def _build_path_table(plane: Plane, path: TrainingPath, losses: LossEvaluator) -> pd.DataFrame:
    """Return a row per epoch: the nearest point in the plane, and the losses of both."""
    points = plane.compute_coordinates(path.weights)
    table = {
        "learning_rate": path.learning_rate,
        "epoch": np.arange(len(points)),
        "x": points[:, 0],
        "y": points[:, 1],
        "distance": plane.compute_distance(path.weights),
    }
    for part, loss in losses.evaluate(path.weights).items():
        table[f"{part}_loss"] = loss
    for part, loss in losses.evaluate(plane.compute_weights(points)).items():
        table[f"{part}_loss_on_plane"] = loss
    return pd.DataFrame(table)


def _build_grid(path: pd.DataFrame | None, size: int) -> Float:
    """Return the points (size * size, 2) around a path, or around the centre."""
    if path is None:
        low, high = np.full(2, -RANDOM_REACH), np.full(2, RANDOM_REACH)
    else:
        points = path[["x", "y"]].to_numpy()
        low, high = points.min(axis=0), points.max(axis=0)
        side = np.maximum(high - low, NARROWEST * (high - low).max())
        middle, side = (low + high) / 2, side * (1.0 + 2.0 * MARGIN)
        low, high = middle - side / 2, middle + side / 2
    x, y = (np.linspace(low[axis], high[axis], size) for axis in (0, 1))
    return np.stack([part.ravel() for part in np.meshgrid(x, y)], axis=1)


def _thin_numbers(numbers: RowNumbers) -> RowNumbers:
    chosen = np.linspace(0, len(numbers) - 1, min(MOST_ROWS, len(numbers)))
    return np.asarray(numbers[chosen.astype(np.intp)])
