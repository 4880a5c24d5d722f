"""KerasVolatilityRegressor: a scikit-learn regressor of future daily variance."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from volcast.models.regressor import validation
from volcast.models.regressor.fitting import correct, fit_attributes
from volcast.models.regressor.predictor import forecast_log
from volcast.models.regressor.purge import choose_purge, list_target_names
from volcast.models.regressor.row_split import Part, build_part, split_rows
from volcast.models.regressor.skill import compute_qlike_skill
from volcast.models.regressor.storage import load_regressor, save_regressor
from volcast.models.training_options import ClippingName, InitialisationName, ScheduleName

Float = NDArray[np.float64]
Columns = Sequence[int] | Sequence[str] | None

# scikit-learn's checks of X and y; NaN in X is allowed.
CHECKS: dict[str, Any] = {"multi_output": True, "y_numeric": True, "ensure_all_finite": "allow-nan"}


class KerasVolatilityRegressor(RegressorMixin, BaseEstimator):
    """Forecast a variance as a log-linear anchor plus the correction of Keras networks.

    ``log variance = anchor(x) + mean over members of network(x)``. The last layer of each network
    starts at zero: training begins at the anchor's forecast. Unless `fit` gets `validation_data`,
    the last `validation_fraction` of the rows is held out, after a gap of `purge` rows; scaler and
    anchor are fitted on the rows before, and training stops early on the held-out rows. Errors
    beyond 5 robust standard deviations count as that, so that one absurd row decides nothing.

    Parameters
    ----------
    learning_rate
        Step size of the optimizer at the start of `schedule`; usual values are 1e-4 to 1e-2.
    batch_size
        Rows per step; None chooses a power of 2 near 1/128 of the training rows, in [64, 1024].
    epochs, patience
        Maximum number of passes over the training rows; epochs without a better validation loss of
        any target after which a member stops.
    optimizer
        A name in `volcast.models.training_options.OPTIMIZERS`; "momentum" is SGD with 0.9.
    schedule
        "constant"; "cosine" or "exponential", both down to 1 % over `epochs`; or "plateau", which
        halves a member's rate if its validation loss has not fallen for two epochs.
    warmup_epochs
        Epochs over which the rate first rises in equal steps.
    loss
        "qlike" of the variance, or a Keras loss of its log, such as "mse" or "huber" (forecasts are
        then bias-corrected). A function maps truth and forecast (..., H) to a loss per row (...).
    hidden, activation
        Units of each hidden layer, none for a linear correction; their Keras activation, one of
        `training_options.ACTIVATIONS`.
    initialisation
        "glorot" (Glorot & Bengio 2010), or "he" (He et al. 2015), which deep ReLU networks need.
    dropout, l2
        Share of hidden units dropped in training; weight of the squared kernels in the loss.
    weight_decay
        Decoupled decay per step of rate 1, with any optimizer; 0 with "adamw" means 0.004.
    clipping, clip_at
        What `clip_at` bounds in a member's gradient: "none", each entry ("value"), the norm of each
        kernel and bias ("norm"), or their joint norm ("global_norm").
    members, bootstrap
        Number of networks, whose log forecasts are averaged; whether each trains on a bootstrap
        sample of the training rows. Member m has the seed ``seed + m``.
    anchor, levels
        Columns, by position or name, of the anchor's regression (None: the mean alone), and of
        those that hold the log of a variance: the anchor's forecast is subtracted from them.
    blend
        Weight in [0, 1] of a ridge regression on the same inputs in the mean of log forecasts; None
        takes that of the number of rows, `blend_`.
    level_trust
        Share in [0, 1] of the level error on the held-out rows to correct, one or one per target.
    validation_fraction, purge
        Share of rows held out, in [0, 1) (if it makes no row, training stops on its own loss), and
        the rows dropped before them, since targets overlap. None takes the longest horizon, and
        warns if none is known. With n tickers a session, n times as many rows are needed.
    horizons
        Sessions of each target; None reads them from columns of y such as "target_22" or "h22".
    seed
        Seed of weights and shuffling.

    Attributes
    ----------
    history_ : dict of ndarray
        `train_loss`, `val_loss` (the mean over targets), `learning_rate` (of an epoch's last step),
        `correction_range` and `correction_size` (range and largest absolute value of the
        corrections of held-out rows) are (epochs + 1, members), `val_loss_by_target` has a last
        axis for targets. Row 0 is the anchor; NaN after a member has stopped.
    best_epoch_, epochs_run_ : ndarray of int, (members, targets), (members,)
        The epoch whose weights are kept, 0 being the anchor itself; the number of epochs trained.
    diverged_ : ndarray of bool, (members,)
        Whether the loss became infinite or NaN; the best weights up to then are kept.
    numpy_network_ : NumpyNetwork
        The stacked networks, one per member and target.
    inputs_, linear_ : Inputs, LinearCorrection
        Anchor and scaler (training rows); the ridge regression (training and held-out rows).
    bias_, blend_ : ndarray, (targets,), float
        Added to the log forecast: `level_trust` times the level error on the held-out rows, which
        also makes a mean of the median that other losses than "qlike" forecast; `choose_blend`.

    Notes
    -----
    X is (n, F), finite or NaN (replaced by the training mean); anchor columns must be finite. y is
    the future daily variance in squared log-return units, (n,) or (n, H), above 0; row t of X holds
    what is known at the close of session t. y may be in any unit. The same seed, data and machine
    give bit-identical forecasts.

    References
    ----------
    HAR: Corsi (2009), Journal of Financial Econometrics 7. QLIKE: Patton (2011), Journal of
    Econometrics 160. Bias: Duan (1983), Journal of the American Statistical Association 78.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(300, 3))
    >>> y = np.exp(0.5 * X[:, 0] - 9.0 + 0.3 * rng.normal(size=300))
    >>> options = {"anchor": [0], "hidden": (4,), "members": 2, "epochs": 2, "purge": 1}
    >>> KerasVolatilityRegressor(**options).fit(X, y).predict(X).shape
    (300,)
    """

    def __init__(
        self,
        learning_rate: float = 1e-3,
        batch_size: int | None = None,
        *,
        epochs: int = 40,
        patience: int = 5,
        optimizer: str = "adam",
        schedule: ScheduleName = "constant",
        warmup_epochs: float = 0.0,
        loss: Any = "qlike",
        hidden: Sequence[int] = (32, 16),
        activation: str = "swish",
        initialisation: InitialisationName = "glorot",
        dropout: float = 0.0,
        l2: float = 0.0,
        weight_decay: float = 0.0,
        clipping: ClippingName = "global_norm",
        clip_at: float = 5.0,
        members: int = 8,
        bootstrap: bool = False,
        anchor: Columns = None,
        levels: Columns = None,
        blend: float | None = 0.0,
        level_trust: float | Sequence[float] = 1.0,
        validation_fraction: float = 0.1,
        purge: int | None = None,
        horizons: Sequence[int] | None = None,
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
        self.horizons = horizons
        self.seed = seed

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        validation_data: tuple[ArrayLike, ...] | None = None,
        callbacks: Sequence[Any] = (),
        *,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Fit scaler and anchor on the training rows, then train the members.

        Parameters
        ----------
        X, y
            Inputs (n, F) and future variance (n,) or (n, H), in time order.
        validation_data
            Later rows (X, y) or (X, y, weight) to stop on; else the end of X is held out.
        callbacks
            Keras callbacks, called after each epoch (`models.engine.callbacks.EpochCallbacks`).
        sample_weight
            Weights (n,). A row of 0 is left out; one of 2 counts as two, in batches on average.

        Returns
        -------
        KerasVolatilityRegressor
            Itself.

        Raises
        ------
        ValueError
            A parameter or the data breaks a rule, which the message names.
        """
        validation.check_parameters(self.get_params(deep=False))
        names = list_target_names(y)
        inputs, variance = validate_data(self, X, y, **CHECKS, ensure_min_samples=2)
        self._single_target = variance.ndim == 1
        rows = build_part(inputs, variance, sample_weight)
        columns = self._resolve_columns("anchor"), self._resolve_columns("levels")
        parts = self._split(rows, validation_data, names)
        fitted = fit_attributes(self.get_params(deep=False), columns, parts, callbacks)
        self.__dict__.update(fitted)
        validation.warn_of_divergence(self.diverged_, self.epochs_run_, self.learning_rate)
        return self

    def predict(self, X: ArrayLike) -> Float:
        """Return the forecast of the mean variance, (n,) or (n, H) as `y` was.

        It is within a factor of ten of the variances that were trained on, whatever X.

        Parameters
        ----------
        X
            Inputs (n, F), with the columns of those that were fitted on.

        Raises
        ------
        NotFittedError
            `fit` was not called.
        ValueError
            The columns are others.
        """
        variance = np.exp(forecast_log(self, self._check_inputs(X)))
        return np.asarray(variance[:, 0] if self._single_target else variance)

    def predict_members(self, X: ArrayLike) -> Float:
        """Return the forecast of each network alone, (members, n, H), without the blend.

        Parameters
        ----------
        X
            Inputs (n, F), as for `predict`.
        """
        corrections, anchor_log = self._correct(self._check_inputs(X))
        bounded = self.inputs_.anchor.bound(anchor_log + corrections + self.bias_)
        return np.asarray(np.exp(bounded))

    def score(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Return ``1 - QLIKE / QLIKE of the mean of y`` (`volcast.models.regressor.skill`).

        Parameters
        ----------
        X, y
            Inputs (n, F) and future variance, as for `fit`.
        sample_weight
            Weights (n,); None: all rows count alike.
        """
        return compute_qlike_skill(y, self.predict(X), sample_weight)

    @property
    def network_(self) -> Any:
        """The networks as a new `keras.Model`, (members * H, rows, F) to (members * H, rows, 1)."""
        from volcast.models.regressor.ensemble import build_keras_network

        check_is_fitted(self, "numpy_network_")
        return build_keras_network(self.numpy_network_)

    def plain_network(self, member: int) -> Any:
        """Return a member as a plain `keras.Model` of Dense layers, with a branch per target.

        It maps ``inputs_.transform(X)[0]``, (n, F), to corrections of the log variance, (n, H).

        Parameters
        ----------
        member
            Its number, from 0.
        """
        from volcast.models.engine.stacked_network import build_plain_network

        network, targets = self.network_, self.best_epoch_.shape[1]
        return build_plain_network(network, range(member * targets, (member + 1) * targets))

    def save(self, folder: str | Path) -> None:
        """Write `network.keras` and `regressor.json`; neither holds a pickle.

        Parameters
        ----------
        folder
            Where they are written; created if missing.
        """
        save_regressor(Path(folder), self.get_params(), vars(self))

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Return what `save` wrote, without Keras; its forecasts are bit-identical.

        Parameters
        ----------
        folder
            The one that `save` wrote.
        """
        return load_regressor(Path(folder), cls)

    def _check_inputs(self, X: ArrayLike) -> Float:
        check_is_fitted(self, "numpy_network_")
        return np.asarray(validate_data(self, X, reset=False, ensure_all_finite="allow-nan"))

    def _resolve_columns(self, parameter: str) -> NDArray[np.intp]:
        wanted, names = getattr(self, parameter), list(getattr(self, "feature_names_in_", ()))
        count = self.n_features_in_
        return validation.resolve_columns(wanted, names=names, count=count, parameter=parameter)

    def _split(self, rows: Part, validation_data: Any, names: list[Any]) -> tuple[Part, Part]:
        if validation_data is None:
            given = self.purge if self.validation_fraction else 0
            purge = choose_purge(given, self.horizons, names)
            return split_rows(rows, self.validation_fraction, purge)
        X, y, *weight = validation_data
        held_out = build_part(*validate_data(self, X, y, **CHECKS, reset=False), *weight)
        given, wanted = (part.variance.shape[1] for part in (held_out, rows))
        if given != wanted:
            raise ValueError(f"validation_data has {given} targets per row; y has {wanted}")
        return rows, held_out

    def _correct(self, X: Float) -> tuple[Any, Float]:
        return correct(self.numpy_network_, self.inputs_, X, self.best_epoch_.shape)

    def __sklearn_tags__(self) -> Any:
        """Declare positive targets, several at once, and NaN in X to scikit-learn."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.target_tags.positive_only = True
        tags.target_tags.multi_output = True
        tags.non_deterministic = False
        return tags
