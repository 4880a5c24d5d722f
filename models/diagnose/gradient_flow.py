"""How gradients reach the layers: norms, updates, clipping and dead units, epoch by epoch."""

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

RECORDED_EPOCHS = 20  # trouble with gradients shows in the first ones
RECORDED_MEMBERS = 8  # the first so many
RECORDED_ROWS = 2_048  # training rows that units are looked at on
REMEDY = {"activation": "relu", "initialisation": "he"}
BOUNDS = {"sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0)}  # of the activations that saturate
NEAR_BOUND = 0.025  # of the range: there the slope is below a tenth of its largest

Float = NDArray[np.float64]
Tables = dict[str, pd.DataFrame]


def measure_gradient_flow(problem: TrainingProblem, *, epochs: int = RECORDED_EPOCHS) -> Tables:
    """Return the gradient flow of the configured network, and of the same one with ReLU and He.

    `networks` says what was trained (a row a network), `epochs` has a row a network, member and
    epoch, and `layers` one for each layer of these, 1 the first; see `measure_regressor_flow`. The second
    network is what a vanishing gradient is usually cured by; it is left out where it is the
    configured one.
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
    """Return tables `networks`, `epochs` and `layers` of one regressor, trained without stopping.

    At most 8 members and `epochs` epochs are looked at.
    Figures of `epochs` and `layers` are over the epoch's steps:

    - `gradient_norm`: the median norm before clipping; `gradient_rms` is that over the root of
      the number of weights, so that layers of different size compare; `gradient_peak` the largest.
    - `first_to_last`: the median of the first hidden layer's `gradient_rms` over the last one's.
      The last layer starts at zero, so that the hidden gradients of the very first step are zero
      by design: the step is left out here.
    - `update_share`: the median norm of a step's change over the norm of the weights before it.
    - `clipped_share`: of steps in which clipping changed the gradient; `kept_share` is the mean
      norm after over that before in those steps, NaN without one.
    - `finite_share`: of steps whose gradient was a finite number.
    - `dead_share`: of a layer's units whose activation is the same for all rows at the end of the
      epoch; `saturated_share`: of activations within 2.5 % of the range of a bound, for sigmoid
      and tanh. NaN for the output.
    """
    regressor = regressor or problem.regressor
    plan, team = problem.build_plan(regressor), problem.build_members(regressor)[:RECORDED_MEMBERS]
    epochs = min(plan.epochs, epochs)
    units = UnitActivity(problem, plan, len(team))
    counts = [np.prod(kernel) + np.prod(bias) for kernel, bias in _pairs(plan)]
    by_epoch, by_layer = [], []
    for number, seen in enumerate(record_epochs(problem.rows, team, plan, epochs), start=1):
        by_epoch.append(_epoch_table(seen, np.sqrt(counts)).assign(epoch=number))
        layers = _layer_table(seen, np.sqrt(counts), units.shares(seen.weights))
        by_layer.append(layers.assign(epoch=number))
    network = {
        "layers": " ".join(str(units) for units in plan.architecture.hidden),
        "activation": regressor.activation,
        "initialisation": regressor.initialisation,
        "optimizer": regressor.optimizer,
        "learning_rate": regressor.learning_rate,
        "clipping": regressor.clipping,
        "clip_at": regressor.clip_at,
        "members": len(team),
        "steps": team[0].batch_shape[1],
        "epochs": epochs,
    }
    return {
        "networks": pd.DataFrame([network]),
        "epochs": pd.concat(by_epoch, ignore_index=True),
        "layers": pd.concat(by_layer, ignore_index=True),
    }


class UnitActivity:
    """Looks at what the hidden units of a team give for a sample of the training rows."""

    def __init__(self, problem: TrainingProblem, plan: TrainingPlan, members: int) -> None:
        numbers = np.linspace(0, len(problem.training) - 1, RECORDED_ROWS).astype(np.intp)
        inputs = problem.rows.inputs[problem.training[np.unique(numbers)]]
        self._stack = build_stack(plan.architecture, members)
        self._bounds = BOUNDS.get(str(plan.architecture.activation))
        self._inputs = np.broadcast_to(inputs, (members, *inputs.shape))

    def shares(self, weights: Weights) -> tuple[Float, Float]:
        """Return the shares of dead units and of saturated activations, (members, layers)."""
        set_weights(self._stack, weights)
        dead, saturated, activation = [], [], self._inputs
        *hidden, _ = [layer for layer in self._stack.layers if isinstance(layer, StackedDense)]
        for layer in hidden:
            activation = layer(activation)
            values = activation.numpy()
            dead.append((np.ptp(values, axis=1) == 0.0).mean(axis=1))
            saturated.append(self._saturated(values))
        nothing = np.full(len(activation), np.nan)
        return np.stack([*dead, nothing], axis=1), np.stack([*saturated, nothing], axis=1)

    def _saturated(self, activation: Any) -> Float:
        if self._bounds is None:
            return np.full(len(activation), np.nan)
        low, high = self._bounds
        margin = NEAR_BOUND * (high - low)
        near = (activation < low + margin) | (activation > high - margin)
        return np.asarray(near.mean(axis=(1, 2)))


def _layer_table(seen: EpochRecord, roots: Float, units: tuple[Float, Float]) -> pd.DataFrame:
    """Return a row a member and layer; `roots` are those of the layers' numbers of weights."""
    gradient = _median(seen.gradient)
    figures = {
        "gradient_norm": gradient,
        "gradient_rms": gradient / roots,
        "update_share": _median(_ratio(seen.update, seen.size)),
        "clipped_share": seen.acted.mean(axis=0),
        "kept_share": _kept(seen.bounded, seen.gradient, seen.acted > 0),
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


def _epoch_table(seen: EpochRecord, roots: Float) -> pd.DataFrame:
    """Return a row a member."""
    whole, bounded = (np.sqrt((x**2).sum(axis=2)) for x in (seen.gradient, seen.bounded))
    acted = np.asarray((seen.acted > 0).any(axis=2))
    hidden = (seen.gradient / roots)[..., :-1]
    ratio = _ratio(hidden[..., 0], hidden[..., -1]) if hidden.shape[-1] else np.full_like(whole, 1)
    finite = np.isfinite(whole)
    return pd.DataFrame(
        {
            "member": np.arange(whole.shape[1]),
            "train_loss": seen.train_loss,
            "val_loss": seen.val_loss,
            "gradient_start": whole[0],
            "gradient_norm": _median(whole),
            "gradient_peak": np.where(finite, whole, 0.0).max(axis=0),
            "first_to_last": _median(ratio),
            "clipped_share": acted.mean(axis=0),
            "kept_share": _kept(bounded, whole, acted),
            "finite_share": finite.mean(axis=0),
        }
    )


def _pairs(plan: TrainingPlan) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    shapes = plan.architecture.shapes()
    return list(zip(shapes[::2], shapes[1::2], strict=True))


def _ratio(above: Float, below: Float) -> Float:
    """Return the quotient, NaN where it has no finite value."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        quotient = above / below
    return np.where(np.isfinite(quotient), quotient, np.nan)


def _median(values: Float) -> Float:
    """Return the median over the first axis of what is finite, NaN where nothing is."""
    known = np.where(np.isfinite(values), values, np.nan)
    return pd.DataFrame(known.reshape(len(known), -1)).median().to_numpy().reshape(known.shape[1:])


def _kept(after: Float, before: Float, acted: NDArray[np.bool_]) -> Float:
    """Return the mean share of the norm that clipping left where it acted, NaN where it did not."""
    kept = np.ma.masked_array(_ratio(after, before), ~acted)
    return np.asarray(np.ma.filled(np.ma.masked_invalid(kept).mean(axis=0), np.nan))
