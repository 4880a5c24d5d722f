"""Gradient flow by layer and epoch: norms, updates, clipping, dead and saturated units."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from volcast.models.diagnose.gradient_recording import EpochRecord, record_epochs
from volcast.models.diagnose.training_problem import TrainingProblem
from volcast.models.engine.stacked_network import StackedDense, Weights, build_stack, set_weights
from volcast.models.engine.training import TrainingPlan
from volcast.models.regressor.estimator import KerasVolatilityRegressor

RECORDED_EPOCHS = 20  # problems with gradients appear in the first epochs
RECORDED_MEMBERS = 8  # the first ones
RECORDED_ROWS = 2_048  # training rows on which units are checked
REMEDY = {"activation": "relu", "initialisation": "he"}
BOUNDS = {"sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0)}  # of the activations that saturate
NEAR_BOUND = 0.025  # of the range; there the slope is below a tenth of its maximum

Float = NDArray[np.float64]
Tables = dict[str, pd.DataFrame]


def measure_gradient_flow(problem: TrainingProblem, *, epochs: int = RECORDED_EPOCHS) -> Tables:
    """Measure the gradient flow of the configured network, and of the same one with ReLU and He.

    The second network is the usual remedy for vanishing gradients; it is left out if it is the
    configured one.

    Returns
    -------
    networks
        A row per network: its settings.
    epochs, layers
        A row per network, member and epoch, and per layer of these, the first being 1; see
        `measure_regressor_flow`.
    """
    regressors = {"configured": problem.regressor}
    if any(getattr(problem.regressor, name) != value for name, value in REMEDY.items()):
        regressors["relu, he"] = problem.configure(**REMEDY)
    parts = []
    for name, regressor in regressors.items():
        tables = measure_regressor_flow(problem, regressor, epochs=epochs)
        parts.append({key: table.assign(network=name) for key, table in tables.items()})
    return {key: pd.concat([part[key] for part in parts], ignore_index=True) for key in parts[0]}


def measure_regressor_flow(
    problem: TrainingProblem,
    regressor: KerasVolatilityRegressor | None = None,
    *,
    epochs: int = RECORDED_EPOCHS,
) -> Tables:
    """Measure the gradient flow of one regressor, trained without stopping.

    At most 8 members and `epochs` epochs are recorded. Figures are over the steps of an epoch.

    Returns
    -------
    networks
        One row: the settings of the network.
    epochs, layers
        A row per member and epoch, and per layer of these:

        - `gradient_norm`: the median norm before clipping; `gradient_rms` divides it by the root of
          the number of weights, so that layers of different size are comparable; `gradient_peak`
          is the largest norm.
        - `first_to_last`: the median ratio of the first hidden layer's `gradient_rms` to the last
          one's. The last layer starts at zero, so that hidden gradients are zero in the very first
          step, which is left out here.
        - `update_share`: the median norm of a step's change over the norm of the weights before.
        - `clipped_share`: the share of steps in which clipping changed the gradient; `kept_share`
          is the mean ratio of the norm after clipping to that before in those steps, NaN without
          one.
        - `finite_share`: the share of steps with a finite gradient.
        - `dead_share`: the share of a layer's units whose activation is the same for all rows at
          the end of the epoch; `saturated_share` is the share of activations within 2.5 % of the
          range of a bound, for sigmoid and tanh. NaN for the output.
    """
    regressor = regressor or problem.regressor
    plan = problem.build_plan(regressor)
    members = problem.build_members(regressor)[:RECORDED_MEMBERS]
    epochs = min(plan.epochs, epochs)
    units = UnitActivity(problem, plan, len(members))
    counts = [np.prod(kernel) + np.prod(bias) for kernel, bias in _pair_shapes(plan)]
    by_epoch, by_layer = [], []
    for number, record in enumerate(record_epochs(problem.rows, members, plan, epochs), start=1):
        by_epoch.append(_build_epoch_table(record, np.sqrt(counts)).assign(epoch=number))
        layers = _build_layer_table(record, np.sqrt(counts), units.compute_shares(record.weights))
        by_layer.append(layers.assign(epoch=number))
    network = {
        "layers": " ".join(str(units) for units in plan.architecture.hidden),
        "activation": regressor.activation,
        "initialisation": regressor.initialisation,
        "optimizer": regressor.optimizer,
        "learning_rate": regressor.learning_rate,
        "clipping": regressor.clipping,
        "clip_at": regressor.clip_at,
        "members": len(members),
        "steps": members[0].batch_shape[1],
        "epochs": epochs,
    }
    return {
        "networks": pd.DataFrame([network]),
        "epochs": pd.concat(by_epoch, ignore_index=True),
        "layers": pd.concat(by_layer, ignore_index=True),
    }


class UnitActivity:
    """Computes the activity of the members' hidden units on a sample of the training rows."""

    def __init__(self, problem: TrainingProblem, plan: TrainingPlan, members: int) -> None:
        spaced = np.linspace(0, len(problem.training) - 1, RECORDED_ROWS).astype(np.intp)
        inputs = problem.rows.inputs[problem.training[np.unique(spaced)]]
        self._stack = build_stack(plan.architecture, members)
        self._bounds = BOUNDS.get(str(plan.architecture.activation))
        self._inputs = np.broadcast_to(inputs, (members, *inputs.shape))

    def compute_shares(self, weights: Weights) -> tuple[Float, Float]:
        """Return the shares of dead units and of saturated activations, (members, layers)."""
        set_weights(self._stack, weights)
        dead, saturated, activation = [], [], self._inputs
        *hidden, _ = [layer for layer in self._stack.layers if isinstance(layer, StackedDense)]
        for layer in hidden:
            activation = layer(activation)
            values = activation.numpy()
            dead.append((np.ptp(values, axis=1) == 0.0).mean(axis=1))
            saturated.append(self._compute_saturated_share(values))
        no_share = np.full(len(activation), np.nan)
        return np.stack([*dead, no_share], axis=1), np.stack([*saturated, no_share], axis=1)

    def _compute_saturated_share(self, activation: Any) -> Float:
        if self._bounds is None:
            return np.full(len(activation), np.nan)
        low, high = self._bounds
        margin = NEAR_BOUND * (high - low)
        near = (activation < low + margin) | (activation > high - margin)
        return np.asarray(near.mean(axis=(1, 2)))


def _build_layer_table(
    record: EpochRecord, roots: Float, units: tuple[Float, Float]
) -> pd.DataFrame:
    """Return a row per member and layer; `roots` are those of the layers' numbers of weights."""
    gradient = _compute_median(record.gradient)
    figures = {
        "gradient_norm": gradient,
        "gradient_rms": gradient / roots,
        "update_share": _compute_median(_divide(record.update, record.size)),
        "clipped_share": record.clipped.mean(axis=0),
        "kept_share": _compute_kept_share(record.bounded, record.gradient, record.clipped > 0),
        "dead_share": units[0],
        "saturated_share": units[1],
    }
    members, layers = gradient.shape
    place = np.where(np.arange(1, layers + 1) < layers, "hidden", "output")
    index = {
        "member": np.repeat(np.arange(members), layers),
        "layer": np.tile(np.arange(1, layers + 1), members),
        "place": np.tile(place, members),
    }
    return pd.DataFrame(index | {name: figure.ravel() for name, figure in figures.items()})


def _build_epoch_table(record: EpochRecord, roots: Float) -> pd.DataFrame:
    """Return a row per member."""
    total, bounded = (np.sqrt((x**2).sum(axis=2)) for x in (record.gradient, record.bounded))
    clipped = np.asarray((record.clipped > 0).any(axis=2))
    hidden = (record.gradient / roots)[..., :-1]
    ratio = _divide(hidden[..., 0], hidden[..., -1]) if hidden.shape[-1] else np.full_like(total, 1)
    finite = np.isfinite(total)
    return pd.DataFrame(
        {
            "member": np.arange(total.shape[1]),
            "train_loss": record.train_loss,
            "val_loss": record.val_loss,
            "gradient_start": total[0],
            "gradient_norm": _compute_median(total),
            "gradient_peak": np.where(finite, total, 0.0).max(axis=0),
            "first_to_last": _compute_median(ratio),
            "clipped_share": clipped.mean(axis=0),
            "kept_share": _compute_kept_share(bounded, total, clipped),
            "finite_share": finite.mean(axis=0),
        }
    )


def _pair_shapes(plan: TrainingPlan) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    shapes = plan.architecture.shapes()
    return list(zip(shapes[::2], shapes[1::2], strict=True))


def _divide(above: Float, below: Float) -> Float:
    """Return the quotient, NaN if it is not finite."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        quotient = above / below
    return np.where(np.isfinite(quotient), quotient, np.nan)


def _compute_median(values: Float) -> Float:
    """Return the median of the finite values over the first axis, NaN if there is none."""
    known = np.where(np.isfinite(values), values, np.nan)
    return pd.DataFrame(known.reshape(len(known), -1)).median().to_numpy().reshape(known.shape[1:])


def _compute_kept_share(after: Float, before: Float, clipped: NDArray[np.bool_]) -> Float:
    """Return the mean share of the norm that clipping kept in clipped steps, NaN without one."""
    kept = np.ma.masked_array(_divide(after, before), ~clipped)
    return np.asarray(np.ma.filled(np.ma.masked_invalid(kept).mean(axis=0), np.nan))
