"""The loss of a trained network over planes through its weights, with the path that led there."""

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

SIZE = 31  # points a side
MOST_ROWS = 2_000  # of a part, evenly spread; a surface needs no more
RATES = (1.0, 0.3, 3.0)  # of the configured learning rate; the first is the network looked at
RANDOM_REACH = 1.0  # of the units' own norms
RUNAWAY = 10.0  # times the loss of the start: beyond it a path would dwarf the others
MARGIN = 0.25  # of a path's extent, around it
NARROWEST = 0.3  # of the longer side: a plane is drawn no narrower
NETWORKS_AT_ONCE = 32
RANDOM, PATH, ALL_RATES = "random", "path", "rates"
PARTS = ("training", "validation")

Float = NDArray[np.float64]
Tables = dict[str, pd.DataFrame]


@dataclass(frozen=True)
class TrainingPath:
    """A training of one network: its learning rate, and its weights (epochs + 1, P).

    `val_loss` (epochs + 1,) is what the engine recorded.
    """

    learning_rate: float
    weights: Float
    val_loss: Float

    @property
    def kept(self) -> int:
        """Return the best epoch after the start, which is a network without a correction."""
        return 1 + int(np.argmin(self.val_loss[1:]))


def measure_landscape(
    problem: TrainingProblem, regressor: KerasVolatilityRegressor | None = None, *, size: int = SIZE
) -> Tables:
    """Return loss surfaces around the first member's network, and the paths of its training.

    The centre of each plane is the network as it was at its best epoch (by the validation loss,
    the mean over horizons, on which training goes). The planes:

    - `random`: two random directions, normalised filter by filter; 1 is a unit's own norm.
    - `path`: the first two principal components of the path from the first weights to the last;
      x and y are distances between weights.
    - `rates`: those of the paths of 1, 0.3 and 3 times the configured learning rate, which begin
      at the same weights and see the same batches, taken together.

    Table `surface` has `plane, part, x, y, loss` with `size` x `size` points of each plane and
    part (training, validation). `path` has a row a plane, learning rate and epoch: `x, y`, the
    nearest point in the plane; `distance` from it; for each part the loss of the true weights,
    `training_loss` and `validation_loss`, and that of the point in the plane,
    `training_loss_on_plane` and `validation_loss_on_plane`; `centre` marks the network itself.
    A path ends before weights that are no finite numbers, or a loss of ten times the first one.
    `planes` has `plane, share` (of the paths' squared distances from the centre, what lies in the
    plane) and the rows of each part.

    Raises ``ValueError`` where the configured training diverges in its first epoch.
    """
    plan = problem.build_plan(regressor)
    walks = record_training_paths(problem, regressor)
    if len(walks[0].weights) < 2:
        raise ValueError(
            "the network diverged in its first epoch, so that there is no path to show; lower "
            f"learning_rate ({walks[0].learning_rate:g}), or clip"
        )
    centre = walks[0].weights[walks[0].kept]
    seed = (regressor or problem.regressor).seed
    union = np.concatenate([walk.weights for walk in walks])
    planes = {
        RANDOM: (build_random_plane(centre, plan.architecture, seed), walks[:1]),
        PATH: (fit_path_plane(centre, walks[0].weights, seed), walks[:1]),
        ALL_RATES: (fit_path_plane(centre, union, seed), walks),
    }
    losses = LossEvaluator(problem, plan)
    surfaces, paths, summaries = [], [], []
    for name, (plane, shown) in planes.items():
        path = pd.concat([_path_table(plane, walk, losses) for walk in shown], ignore_index=True)
        path["centre"] = (path["learning_rate"] == walks[0].learning_rate) & (
            path["epoch"] == walks[0].kept
        )
        points = _grid(None if name == RANDOM else path, size)
        for part, loss in losses.of(plane.at(points)).items():
            table = {"plane": name, "part": part, "x": points[:, 0], "y": points[:, 1]}
            surfaces.append(pd.DataFrame({**table, "loss": loss}))
        paths.append(path.assign(plane=name))
        share = plane.share(np.concatenate([walk.weights for walk in shown]))
        rows = {f"{part}_rows": len(numbers) for part, numbers in losses.numbers.items()}
        summaries.append({"plane": name, "share": share, **rows})
    return {
        "surface": pd.concat(surfaces, ignore_index=True),
        "path": pd.concat(paths, ignore_index=True),
        "planes": pd.DataFrame(summaries),
    }


def record_training_paths(
    problem: TrainingProblem, regressor: KerasVolatilityRegressor | None = None
) -> list[TrainingPath]:
    """Return how the first member trains at each of `RATES`, with early stopping."""
    plan, first = problem.build_plan(regressor), problem.build_members(regressor)[0]
    team = [replace(first, learning_rate=share * first.learning_rate) for share in RATES]
    start = draw_initial_weights(plan.architecture, [first.seed] * len(team), plan.initialisation)
    seen = _WeightRecorder()
    trained = train(problem.rows, team, plan, callbacks=[seen])
    weights = np.array([flatten_weights(start), *seen.weights], dtype=np.float64)
    walks = []
    for number, member in enumerate(team):
        own = weights[: trained.epochs_run[number] + 1, number]
        loss = trained.val_loss[: len(own), number]
        kept = count_stable_epochs(own, loss)
        walks.append(TrainingPath(member.learning_rate, own[:kept], loss[:kept]))
    return walks


def count_stable_epochs(weights: Float, loss: Float) -> int:
    """Return how many epochs pass, the start included, before a training runs away."""
    sound = np.isfinite(weights).all(axis=1) & (loss <= RUNAWAY * np.abs(loss[0]))
    return int(sound.cumprod().sum())


class _WeightRecorder(keras.callbacks.Callback):
    """Keeps the weights of the stack after each epoch."""

    def __init__(self) -> None:
        super().__init__()
        self.weights: list[NDArray[np.float32]] = []

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Add the weights of now, a row a member."""
        self.weights.append(flatten_weights([v.numpy() for v in self.model.trainable_variables]))


class LossEvaluator:
    """The mean loss of many networks over thinned rows of both parts, many at once."""

    def __init__(self, problem: TrainingProblem, plan: TrainingPlan) -> None:
        self.numbers = {
            part: _thinned(numbers)
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
        self._compiled = tf.function(self._of_block, jit_compile=True, autograph=False)

    def of(self, weights: Float) -> dict[str, Float]:
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

    def _of_block(self, weights: Any, inputs: Any, anchor: Any, target: Any) -> Any:
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


def _path_table(plane: Plane, walk: TrainingPath, losses: LossEvaluator) -> pd.DataFrame:
    """Return a row an epoch: where the weights lie in the plane, and the losses of both."""
    places = plane.coordinates(walk.weights)
    table = {
        "learning_rate": walk.learning_rate,
        "epoch": np.arange(len(places)),
        "x": places[:, 0],
        "y": places[:, 1],
        "distance": plane.distance(walk.weights),
    }
    for part, loss in losses.of(walk.weights).items():
        table[f"{part}_loss"] = loss
    for part, loss in losses.of(plane.at(places)).items():
        table[f"{part}_loss_on_plane"] = loss
    return pd.DataFrame(table)


def _grid(path: pd.DataFrame | None, size: int) -> Float:
    """Return the points (size * size, 2) around a path, or around the centre."""
    if path is None:
        low, high = np.full(2, -RANDOM_REACH), np.full(2, RANDOM_REACH)
    else:
        places = path[["x", "y"]].to_numpy()
        low, high = places.min(axis=0), places.max(axis=0)
        side = np.maximum(high - low, NARROWEST * (high - low).max())
        middle, side = (low + high) / 2, side * (1.0 + 2.0 * MARGIN)
        low, high = middle - side / 2, middle + side / 2
    x, y = (np.linspace(low[axis], high[axis], size) for axis in (0, 1))
    return np.stack([part.ravel() for part in np.meshgrid(x, y)], axis=1)


def _thinned(numbers: RowNumbers) -> RowNumbers:
    kept = np.linspace(0, len(numbers) - 1, min(MOST_ROWS, len(numbers)))
    return np.asarray(numbers[kept.astype(np.intp)])
