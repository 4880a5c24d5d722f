"""What a KerasVolatilityRegressor refuses, with the rule and the value in the message."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from volcast.models.training_options import (
    ACTIVATIONS,
    CLIPPINGS,
    INITIALISATIONS,
    OPTIMIZERS,
    SCHEDULES,
)

if TYPE_CHECKING:
    from volcast.models.regressor.estimator import KerasVolatilityRegressor


def check_parameters(estimator: KerasVolatilityRegressor) -> None:
    """Raise ``ValueError`` for the first parameter that breaks its rule."""
    e = estimator
    rules: tuple[tuple[str, bool, str], ...] = (
        ("learning_rate", _above_zero(e.learning_rate), "a number above 0"),
        ("batch_size", _batch(e.batch_size), "a whole number, 1 or more, or None"),
        ("epochs", _whole(e.epochs) and e.epochs >= 1, "a whole number, 1 or more"),
        ("patience", _whole(e.patience) and e.patience >= 1, "a whole number, 1 or more"),
        ("optimizer", e.optimizer in OPTIMIZERS, f"one of {', '.join(OPTIMIZERS)}"),
        ("schedule", e.schedule in SCHEDULES, f"one of {', '.join(SCHEDULES)}"),
        ("warmup_epochs", _not_below_zero(e.warmup_epochs), "0 or more"),
        ("loss", _loss(e.loss), 'qlike, or a loss of Keras, such as "mse" or "huber"'),
        ("hidden", _units(e.hidden), "a sequence of whole numbers, 1 or more"),
        ("activation", e.activation in ACTIVATIONS, f"one of {', '.join(ACTIVATIONS)}"),
        (
            "initialisation",
            e.initialisation in INITIALISATIONS,
            f"one of {', '.join(INITIALISATIONS)}",
        ),
        ("dropout", _share(e.dropout), "in [0, 1)"),
        ("l2", _not_below_zero(e.l2), "0 or more"),
        ("weight_decay", _not_below_zero(e.weight_decay), "0 or more"),
        ("clipping", e.clipping in CLIPPINGS, f"one of {', '.join(CLIPPINGS)}"),
        ("clip_at", _above_zero(e.clip_at), "a number above 0"),
        ("members", _whole(e.members) and e.members >= 1, "a whole number, 1 or more"),
        ("bootstrap", isinstance(e.bootstrap, bool), "true or false"),
        ("blend", _number(e.blend) and 0 <= e.blend <= 1, "in [0, 1]"),
        ("level_trust", _trust(e.level_trust), "in [0, 1], or a sequence of such numbers"),
        ("validation_fraction", _share(e.validation_fraction), "in [0, 1)"),
        ("purge", _whole(e.purge) and e.purge >= 0, "a whole number, 0 or more"),
        ("seed", _whole(e.seed) and e.seed >= 0, "a whole number, 0 or more"),
    )
    for name, holds, rule in rules:
        if not holds:
            raise ValueError(f"{name} must be {rule}; got {getattr(e, name)!r}")


def divergence(estimator: KerasVolatilityRegressor) -> str:
    """Return the words for members that diverged."""
    diverged = estimator.diverged_
    first = int(estimator.epochs_run_[diverged].min())
    return (
        f"{diverged.sum()} of {len(diverged)} members diverged, the first in epoch {first}: their "
        f"best weights before are kept; lower learning_rate ({estimator.learning_rate:g}), or clip"
    )


def positive_variance(y: NDArray[Any]) -> NDArray[np.float64]:
    """Return `y` as (n, H); raise ``ValueError`` unless every value is finite and above 0."""
    y = np.asarray(y, dtype=np.float64)
    y = y.reshape(len(y), -1)
    if not np.isfinite(y).all() or (y <= 0).any():
        worst = y.ravel()[np.argmin(np.where(np.isfinite(y), y, -np.inf))]
        raise ValueError(
            f"y is a variance and must be finite and above 0; found {worst:g}: "
            "leave such rows out (a day without a range is no target)"
        )
    return y


def resolve_columns(estimator: KerasVolatilityRegressor, parameter: str) -> NDArray[np.intp]:
    """Return the positions of the columns of `parameter`; names need X to be a data frame."""
    given = getattr(estimator, parameter)
    wanted: tuple[Any, ...] = () if given is None else tuple(given)
    names = list(getattr(estimator, "feature_names_in_", ()))
    positions = []
    for column in wanted:
        if isinstance(column, str):
            if column not in names:
                known = ", ".join(map(str, names)) or "none: X has no column names"
                raise ValueError(f"{parameter} names the column {column!r}; X has {known}")
            positions.append(names.index(column))
        elif _whole(column) and 0 <= column < estimator.n_features_in_:
            positions.append(int(column))
        else:
            last = estimator.n_features_in_ - 1
            raise ValueError(f"{parameter} must hold columns from 0 to {last}; got {column!r}")
    return np.array(positions, dtype=np.intp)


def finite_anchor(X: NDArray[Any], columns: NDArray[np.intp]) -> None:
    """Raise ``ValueError`` where an anchor column of `X` is missing in a row."""
    known = np.isfinite(X[:, columns])
    if not known.all():
        row, column = np.argwhere(~known)[0]
        raise ValueError(
            f"anchor column {columns[column]} is not finite in row {row}; "
            "only other columns may be missing: leave such rows out"
        )


def _number(value: Any) -> bool:
    known = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    return known and bool(np.isfinite(value))


def _not_below_zero(value: Any) -> bool:
    return _number(value) and value >= 0


def _loss(value: Any) -> bool:
    """Return whether Keras knows the loss; only an uncommon name makes it necessary to ask."""
    if value in ("qlike", "mse"):
        return True
    from volcast.models.engine.losses import row_loss

    try:
        return callable(row_loss(value))
    except (ValueError, TypeError):
        return False


def _above_zero(value: Any) -> bool:
    return _number(value) and value > 0


def _share(value: Any) -> bool:
    return _number(value) and 0 <= value < 1


def _whole(value: Any) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def _batch(value: Any) -> bool:
    return value is None or (_whole(value) and value >= 1)


def _trust(value: Any) -> bool:
    given = np.asarray(value)
    return given.dtype.kind in "if" and given.ndim < 2 and bool(((given >= 0) & (given <= 1)).all())


def _units(value: Any) -> bool:
    many = isinstance(value, (list, tuple, np.ndarray))
    return many and all(_whole(units) and units >= 1 for units in value)
