"""KerasVolatilityRegressor: a scikit-learn regressor of future daily variance."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from models import checks
from models.anchor import LogLinear
from models.scaling import Scaler

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
        Step size of the optimizer, above 0; usual 1e-4 to 1e-2.
    batch_size : int
        Rows a step; 32 for a single series, more for panels (with a larger rate).
    epochs : int
        At most so many passes over the training rows.
    patience : int
        Epochs without a better validation loss before a member stops; its best weights return.
    optimizer : {"adam", "adamw", "rmsprop", "sgd", "momentum", "nesterov"}
        Keras's optimizer of that name ("momentum" is SGD with 0.9).
    loss : {"qlike", "mse"}
        QLIKE of the variance, or the squared error of its log (bias-corrected afterwards).
    hidden : sequence of int
        Units of each hidden layer; empty for a linear correction.
    activation : {"swish", "relu", "tanh", "sigmoid", "elu", "gelu", "selu", "softplus"}
        Keras's activation of that name, of the hidden layers.
    dropout, l2 : float
        Share of hidden units dropped while training; weight of the squared kernels in the loss.
    clip_norm : float or None
        Bound of the gradient's norm, member by member.
    members : int
        Networks that differ in seed only; their log forecasts are averaged.
    anchor : None, or sequence of int or of str
        Columns (or column names) of the anchor's regression; None anchors on the mean alone.
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
        `train_loss` and `val_loss` (epochs + 1, members), row 0 the anchor, NaN after a stop;
        `learning_rate` (epochs + 1,).
    best_epoch_ : ndarray of int, (members,)
        The epoch whose weights each member kept; 0 is the anchor itself.
    epochs_run_ : ndarray of int, (members,)
        How many epochs each member trained.
    network_ : keras.Model
        The stacked members, (members, rows, features) to (members, rows, targets).
    anchor_, scaler_ : LogLinear, Scaler
        Fitted on the training rows.
    bias_ : ndarray, (targets,)
        Added to the log forecast: what the held-out rows say the mean lies off (Duan 1983).
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
        batch_size: int = 32,
        *,
        epochs: int = 40,
        patience: int = 5,
        optimizer: str = "adam",
        loss: Literal["qlike", "mse"] = "qlike",
        hidden: Sequence[int] = (32, 16),
        activation: str = "swish",
        dropout: float = 0.0,
        l2: float = 0.0,
        clip_norm: float | None = 5.0,
        members: int = 4,
        anchor: Sequence[int] | Sequence[str] | None = None,
        validation_fraction: float = 0.1,
        purge: int = 0,
        seed: int = 0,
    ) -> None:
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.epochs = epochs
        self.patience = patience
        self.optimizer = optimizer
        self.loss = loss
        self.hidden = hidden
        self.activation = activation
        self.dropout = dropout
        self.l2 = l2
        self.clip_norm = clip_norm
        self.members = members
        self.anchor = anchor
        self.validation_fraction = validation_fraction
        self.purge = purge
        self.seed = seed

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        validation_data: tuple[ArrayLike, ArrayLike] | None = None,
        on_epoch: Any = None,
    ) -> Self:
        """Fit scaler and anchor on the training rows, then train the members.

        Parameters
        ----------
        X, y
            Inputs (n, F) and future variance (n,) or (n, H), in time order.
        validation_data
            Later rows (X, y) to stop on; without them the end of `X` is held out.
        on_epoch
            Called as ``on_epoch(epoch, train_loss, val_loss)`` with the members' medians.

        Raises
        ------
        ValueError
            A parameter or the data breaks a rule; the message names it.
        """
        checks.parameters(self)
        inputs, variance = validate_data(self, X, y, **CHECKED, ensure_min_samples=2)
        self._single_target = variance.ndim == 1
        rows = (inputs, checks.positive_variance(variance))
        fit_rows, held_out = self._parts(*rows, validation_data)
        self._anchor_columns = checks.anchor_columns(self)
        self.scaler_ = Scaler.fit(fit_rows[0])
        self.anchor_ = LogLinear.fit(self._anchor_inputs(fit_rows[0]), np.log(fit_rows[1]))
        self._train(fit_rows, held_out, on_epoch)
        self.bias_ = self._bias(*held_out)
        return self

    def predict(self, X: ArrayLike) -> Float:
        """Return the forecast of the mean variance, (n,) or (n, H) as `y` was."""
        check_is_fitted(self, "network_")
        inputs = validate_data(self, X, reset=False, ensure_all_finite="allow-nan")
        variance = np.exp(self._predict_log(inputs) + self.bias_)
        return np.asarray(variance[:, 0] if self._single_target else variance)

    def save(self, folder: str | Path) -> None:
        """Write `network.keras` and `regressor.json` into `folder`; no pickle."""
        from models.storage import save

        save(self, Path(folder))

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Return the regressor that `save` wrote; its forecasts are bit-identical."""
        from models.storage import load

        return load(cls, Path(folder))

    def _parts(self, X: Float, y: Float, validation_data: Any) -> tuple[Any, Any]:
        """Return training and held-out rows; the training rows twice where none are held out."""
        if validation_data is not None:
            held_X, held_y = validate_data(self, *validation_data, **CHECKED, reset=False)
            held_y = checks.positive_variance(held_y)
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

    def _train(self, fit_rows: Any, held_out: Any, on_epoch: Any) -> None:
        from models import engine
        from models.stack import Architecture, build_stack

        architecture = Architecture(
            members=self.members,
            inputs=fit_rows[0].shape[1],
            outputs=fit_rows[1].shape[1],
            hidden=tuple(self.hidden),
            activation=self.activation,
            dropout=self.dropout,
        )
        recipe = engine.Recipe(self.optimizer, self.loss, self.batch_size, self.l2, self.clip_norm)
        trained = engine.trainer(architecture, recipe).train(
            self._rows(*fit_rows),
            self._rows(*held_out),
            engine.Schedule(self.learning_rate, self.epochs, self.patience),
            seeds=[self.seed + member for member in range(self.members)],
            on_epoch=on_epoch,
        )
        self.network_ = build_stack(architecture)
        self.network_.set_weights(trained.weights)
        self.best_epoch_ = trained.best_epoch
        self.epochs_run_ = trained.epochs_run
        self.history_ = {
            "train_loss": trained.train_loss,
            "val_loss": trained.val_loss,
            "learning_rate": np.full(len(trained.train_loss), self.learning_rate),
        }

    def _rows(self, X: Float, y: Float) -> Any:
        from models.engine import Rows

        anchor = self.anchor_.predict_log(self._anchor_inputs(X)).astype(np.float32)
        return Rows(self.scaler_.transform(X), anchor, np.log(y).astype(np.float32))

    def _anchor_inputs(self, X: Float) -> Float:
        return checks.finite_anchor(np.asarray(X)[:, self._anchor_columns], self._anchor_columns)

    def _predict_log(self, X: Float) -> Float:
        from models.stack import forward

        correction = forward(self.network_, self.scaler_.transform(X)).mean(
            axis=0, dtype=np.float64
        )
        return np.asarray(self.anchor_.predict_log(self._anchor_inputs(X)) + correction)

    def _bias(self, X: Float, y: Float) -> Float:
        """Return what centres the mean of the forecast on rows that were not fitted on.

        With `mse` it turns a forecast of the mean log into the log of the mean (Duan 1983); with
        `qlike` it corrects the drift of the level since the training rows.
        """
        return np.asarray(np.log(np.mean(y / np.exp(self._predict_log(X)), axis=0)))

    def __sklearn_tags__(self) -> Any:
        """Say what scikit-learn may expect: positive targets, several at once, NaN in X."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.target_tags.positive_only = True
        tags.target_tags.multi_output = True
        tags.non_deterministic = False
        return tags
