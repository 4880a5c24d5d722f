"""KerasVolatilityRegressor: a scikit-learn regressor of future daily variance."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted, validate_data

from volcast.models.regressor import validation
from volcast.models.regressor.preprocessing import Inputs, LinearCorrection

Float = NDArray[np.float64]

# What scikit-learn shall check of X and y: several targets, and NaN in X, are welcome.
CHECKED: dict[str, Any] = {
    "multi_output": True,
    "y_numeric": True,
    "ensure_all_finite": "allow-nan",
}


class KerasVolatilityRegressor(RegressorMixin, BaseEstimator):
    """Forecast a variance as a log-linear anchor plus a correction by Keras networks.

    ``log variance = anchor(x) + mean over members of net(x)``. The last layer of each network
    starts at zero: untrained, the forecast is the anchor's, and the curves show from their first
    point whether training earns its keep.

    Rows are taken to be in time order. Unless `validation_data` is given to `fit`, the last
    `validation_fraction` of the rows is held out, after a gap of `purge` rows; scalers and anchor
    are estimated on the rows before, and training stops early on the rows after.

    Parameters
    ----------
    learning_rate : float
        Step size of the optimizer, above 0; usual 1e-4 to 1e-2. `schedule` starts from it.
    batch_size : int or None
        Rows a step; None goes by the training rows: a power of 2 near 1/128 of them, from 64 (a
        series or two) to 1024 (a panel of hundreds).
    epochs : int
        At most so many passes over the training rows.
    patience : int
        Epochs without a better validation loss, of any target, before a member stops; each target
        returns to its own best weights.
    optimizer : {"adam", "adamw", "rmsprop", "sgd", "momentum", "nesterov"}
        Keras's optimizer of that name ("momentum" is SGD with 0.9).
    schedule : {"constant", "cosine", "exponential", "plateau"}
        How the learning rate changes: not; down to 1 % over `epochs`, along half a cosine or by
        the same factor each step; or halved where a member's validation loss has not fallen for
        two epochs.
    warmup_epochs : float
        Epochs over which the rate first climbs in even steps.
    loss : str, function or keras.losses.Loss
        "qlike" of the variance, or a Keras loss of its log, such as "mse", "huber", "log_cosh"
        (forecasts are bias-corrected afterwards). A function maps truth and forecast (..., H) to
        a loss each row (...).
    hidden : sequence of int
        Units of each hidden layer; empty for a linear correction.
    activation : {"swish", "relu", "tanh", "sigmoid", "elu", "gelu", "selu", "softplus"}
        Keras's activation of that name, of the hidden layers.
    initialisation : {"glorot", "he"}
        How hidden weights are drawn: by inputs and units (Glorot & Bengio 2010), or wider, by the
        inputs alone (He et al. 2015), which "relu" needs in deep networks.
    dropout, l2 : float
        Share of hidden units dropped while training; weight of the squared kernels in the loss.
    weight_decay : float
        Share of each weight that a step of rate 1 would take off, whatever the optimizer; 0 with
        "adamw" is Keras's default for it, 0.004 (for no decay there is "adam").
    clipping : {"none", "value", "norm", "global_norm"}
        What of each member's gradient `clip_at` bounds: nothing, every entry, the norm of each
        kernel and bias, or the norm of all together.
    clip_at : float
        That bound.
    members : int
        Networks that differ in seed only; their log forecasts are averaged.
    bootstrap : bool
        Whether each member trains on as many rows drawn with replacement, by its seed.
    anchor : None, or sequence of int or of str
        Columns (or column names) of the anchor's regression; None anchors on the mean alone.
    levels : None, or sequence of int or of str
        Columns that are the log of a variance; the networks see them less the anchor's forecast.
    blend : float
        Weight, in [0, 1], of a ridge regression on the same inputs in the mean of the log
        forecasts; the networks have the rest.
    level_trust : float or sequence of float
        Share of the level's error on the held-out rows that is corrected, one or one a target.
    validation_fraction : float
        Share of rows held out at the end, in [0, 1); where that makes no row, training stops on
        its own loss.
    purge : int
        Rows left out before the held-out ones: the horizon, as targets overlap.
    seed : int
        Seed of weights and shuffling; member m uses `seed + m`.

    Attributes
    ----------
    history_ : dict
        `train_loss`, `val_loss` and `learning_rate` (epochs + 1, members), row 0 the anchor, NaN
        after a stop; the rate is that of an epoch's last step. `val_loss_by_target` (epochs + 1,
        members, targets) is what training stops on; `val_loss` is its mean. `correction_range`
        and `correction_size` (epochs + 1, members) say how far the corrections of held-out rows
        lie apart, and how large they are.
    best_epoch_ : ndarray of int, (members, targets)
        The epoch whose weights each member kept for each target; 0 is the anchor itself.
    epochs_run_ : ndarray of int, (members,)
        How many epochs each member trained.
    diverged_ : ndarray of bool, (members,)
        Which members reached a loss that is no finite number; they kept the best weights before.
    network_ : keras.Model
        The stacked networks, (members * targets, rows, features) to (members * targets, rows, 1):
        the hidden layers of a member serve all targets while it trains, and each target then keeps
        them as they were at its own best epoch.
    inputs_ : Inputs
        What the networks see, and the anchor, both fitted on the training rows.
    linear_ : LinearCorrection
        The ridge regression, fitted on training and held-out rows.
    bias_ : ndarray, (targets,)
        Added to the networks' log forecast: what the held-out rows say the mean lies off (Duan
        1983), times `level_trust`.
    n_features_in_, feature_names_in_ : int, ndarray
        As everywhere in scikit-learn.

    Notes
    -----
    X is (n, F), finite or NaN (missing: the training mean is put there); anchor columns must be
    finite. y is the future daily variance, (n,) or (n, H), above 0, in squared log-return units
    (any unit works: only its log is used). Same seed, data and machine: bit-identical forecasts.
    """

    def __init__(
        self,
        learning_rate: float = 1e-3,
        batch_size: int | None = None,
        *,
        epochs: int = 40,
        patience: int = 5,
        optimizer: str = "adam",
        schedule: Literal["constant", "cosine", "exponential", "plateau"] = "constant",
        warmup_epochs: float = 0.0,
        loss: Any = "qlike",
        hidden: Sequence[int] = (32, 16),
        activation: str = "swish",
        initialisation: Literal["glorot", "he"] = "glorot",
        dropout: float = 0.0,
        l2: float = 0.0,
        weight_decay: float = 0.0,
        clipping: Literal["none", "value", "norm", "global_norm"] = "global_norm",
        clip_at: float = 5.0,
        members: int = 8,
        bootstrap: bool = False,
        anchor: Sequence[int] | Sequence[str] | None = None,
        levels: Sequence[int] | Sequence[str] | None = None,
        blend: float = 0.0,
        level_trust: float | Sequence[float] = 1.0,
        validation_fraction: float = 0.1,
        purge: int = 0,
        seed: int = 0,
    ) -> None:
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.epochs = epochs
        self.patience = patience
        self.optimizer = optimizer
        self.schedule = schedule
        self.warmup_epochs = warmup_epochs
        self.loss = loss
        self.hidden = hidden
        self.activation = activation
        self.initialisation = initialisation
        self.dropout = dropout
        self.l2 = l2
        self.weight_decay = weight_decay
        self.clipping = clipping
        self.clip_at = clip_at
        self.members = members
        self.bootstrap = bootstrap
        self.anchor = anchor
        self.levels = levels
        self.blend = blend
        self.level_trust = level_trust
        self.validation_fraction = validation_fraction
        self.purge = purge
        self.seed = seed

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        validation_data: tuple[ArrayLike, ArrayLike] | None = None,
        callbacks: Sequence[Any] = (),
    ) -> Self:
        """Fit scaler and anchor on the training rows, then train the members.

        Parameters
        ----------
        X, y
            Inputs (n, F) and future variance (n,) or (n, H), in time order.
        validation_data
            Later rows (X, y) to stop on; without them the end of `X` is held out.
        callbacks
            Keras callbacks; they hear of each epoch, with logs a member
            (`volcast.models.engine.callbacks.Listeners` says which).

        Raises
        ------
        ValueError
            A parameter or the data breaks a rule; the message names it.
        """
        validation.check_parameters(self)
        inputs, variance = validate_data(self, X, y, **CHECKED, ensure_min_samples=2)
        self._single_target = variance.ndim == 1
        rows = (inputs, validation.positive_variance(variance))
        fit_rows, held_out = self._parts(*rows, validation_data)
        columns = (
            validation.resolve_columns(self, "anchor"),
            validation.resolve_columns(self, "levels"),
        )
        self.inputs_ = Inputs.fit(fit_rows[0], np.log(fit_rows[1]), *columns)
        self._train(fit_rows, held_out, callbacks)
        self.bias_ = self._bias(*held_out)
        parts = _distinct_parts(fit_rows, held_out)
        both = [np.concatenate(column) for column in zip(*parts, strict=True)]
        self.linear_ = LinearCorrection.fit(both[0], np.log(both[1]), *columns)
        return self

    def predict(self, X: ArrayLike) -> Float:
        """Return the forecast of the mean variance, (n,) or (n, H) as `y` was."""
        check_is_fitted(self, "network_")
        inputs = validate_data(self, X, reset=False, ensure_all_finite="allow-nan")
        networks = self._networks_log(inputs) + self.bias_
        linear = self.linear_.predict_log(inputs) if self.blend else 0.0
        variance = np.exp((1.0 - self.blend) * networks + self.blend * linear)
        return np.asarray(variance[:, 0] if self._single_target else variance)

    def predict_members(self, X: ArrayLike) -> Float:
        """Return the forecast of each network alone, (members, n, H), without the blend."""
        check_is_fitted(self, "network_")
        known = validate_data(self, X, reset=False, ensure_all_finite="allow-nan")
        corrections, anchor_log = self._corrections(known)
        return np.asarray(np.exp(anchor_log + corrections + self.bias_))

    def plain_network(self, member: int) -> Any:
        """Return one member as a plain `keras.Model` of Dense layers, a branch a target.

        It maps standardised inputs, ``inputs_.of(X)[0]`` (n, F), to the member's correction of the
        log variance, (n, H); to forecast, add the anchor and the bias, and take the exponential.
        """
        from volcast.models.engine.stack import plain_network

        check_is_fitted(self, "network_")
        targets = self.best_epoch_.shape[1]
        return plain_network(self.network_, range(member * targets, (member + 1) * targets))

    def save(self, folder: str | Path) -> None:
        """Write `network.keras` and `regressor.json` into `folder`; no pickle."""
        from volcast.models.regressor.storage import save

        save(self, Path(folder))

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Return the regressor that `save` wrote; its forecasts are bit-identical."""
        from volcast.models.regressor.storage import load

        return load(cls, Path(folder))

    def _parts(self, X: Float, y: Float, validation_data: Any) -> tuple[Any, Any]:
        """Return training and held-out rows; the training rows twice where none are held out."""
        if validation_data is not None:
            held_X, held_y = validate_data(self, *validation_data, **CHECKED, reset=False)
            held_y = validation.positive_variance(held_y)
            if held_y.shape[1] != y.shape[1]:
                raise ValueError(
                    f"validation_data has {held_y.shape[1]} targets a row; y has {y.shape[1]}"
                )
            return (X, y), (held_X, held_y)
        cut = len(X) - round(len(X) * self.validation_fraction)
        if cut == len(X):
            return (X, y), (X, y)
        end = cut - self.purge
        if end < 1:
            raise ValueError(
                f"validation_fraction {self.validation_fraction} and purge {self.purge} leave none "
                f"of {len(X)} rows to train on: lower one of them"
            )
        return (X[:end], y[:end]), (X[cut:], y[cut:])

    def _train(self, fit_rows: Any, held_out: Any, callbacks: Sequence[Any]) -> None:
        from volcast.models.engine.stack import build_stack, set_weights
        from volcast.models.engine.training import train
        from volcast.models.regressor.training_plan import build_members, build_plan, build_rows

        plan = build_plan(self, fit_rows[0].shape[1], fit_rows[1].shape[1])
        parts = _distinct_parts(fit_rows, held_out)
        counts = [len(part[0]) for part in parts]
        numbers = np.split(np.arange(sum(counts)), np.cumsum(counts)[:-1])
        members = build_members(self, numbers[0], numbers[-1])
        trained = train(build_rows(self.inputs_, parts), members, plan, callbacks=callbacks)
        networks = trained.best_epoch.size
        self.network_ = build_stack(replace(plan.architecture, outputs=1), networks)
        set_weights(self.network_, trained.weights)
        self.best_epoch_ = trained.best_epoch
        self.epochs_run_ = trained.epochs_run
        self.diverged_ = trained.diverged
        self.history_ = {
            "train_loss": trained.train_loss,
            "val_loss": trained.val_loss,
            "val_loss_by_target": trained.val_loss_by_output,
            "learning_rate": trained.learning_rate,
            "correction_range": trained.correction_range,
            "correction_size": trained.correction_size,
        }
        if self.diverged_.any():
            warnings.warn(validation.divergence(self), ConvergenceWarning, stacklevel=3)

    def _corrections(self, X: Float) -> tuple[Any, Float]:
        """Return each network's correction (members, n, H), and what it corrects (n, H)."""
        from volcast.models.engine.stack import forward

        inputs, anchor_log = self.inputs_.of(X)
        outputs = forward(self.network_, inputs).reshape(*self.best_epoch_.shape, len(inputs))
        return outputs.swapaxes(1, 2), anchor_log

    def _networks_log(self, X: Float) -> Float:
        corrections, anchor_log = self._corrections(X)
        return np.asarray(anchor_log + corrections.mean(axis=0, dtype=np.float64))

    def _bias(self, X: Float, y: Float) -> Float:
        """Return what moves the mean of the forecast towards that of rows not fitted on.

        With `mse` it turns a forecast of the mean log into the log of the mean (Duan 1983); with
        `qlike` it corrects the drift of the level since the training rows.
        """
        error = np.log(np.mean(y / np.exp(self._networks_log(X)), axis=0))
        return np.asarray(np.asarray(self.level_trust) * error)

    def __sklearn_tags__(self) -> Any:
        """Say what scikit-learn may expect: positive targets, several at once, NaN in X."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.target_tags.positive_only = True
        tags.target_tags.multi_output = True
        tags.non_deterministic = False
        return tags


def _distinct_parts(fit_rows: Any, held_out: Any) -> tuple[Any, ...]:
    """Return the different parts: one where training stops on its own rows."""
    return (fit_rows,) if held_out[0] is fit_rows[0] else (fit_rows, held_out)
