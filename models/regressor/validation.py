"""The rules for a regressor's parameters and data; each message names the rule and the value."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volcast.models.training_options import (
    ACTIVATIONS,
    CLIPPINGS,
    INITIALISATIONS,
    OPTIMIZERS,
    SCHEDULES,
)

Check = Callable[[Any], bool]


def check_parameters(params: Mapping[str, Any]) -> None:
    """Check the parameters of a regressor, except `anchor` and `levels`, which need the columns.

    Raises
    ------
    ValueError
        A parameter breaks its rule; the first one is named.

    Examples
    --------
    >>> from volcast.models.regressor.estimator import KerasVolatilityRegressor
    >>> params = KerasVolatilityRegressor().get_params()
    >>> check_parameters(params)
    >>> check_parameters({**params, "epochs": 0})
    Traceback (most recent call last):
        ...
    ValueError: epochs must be a whole number, 1 or more; got 0
    """
    for name, (is_valid, rule) in _RULES.items():
        if not is_valid(params[name]):
            raise ValueError(f"{name} must be {rule}; got {params[name]!r}")


def resolve_columns(
    wanted: Sequence[Any] | None, *, names: Sequence[str], count: int, parameter: str
) -> NDArray[np.intp]:
    """Return the positions of columns that are given by name or by position.

    Parameters
    ----------
    wanted
        Names or positions; None stands for no column.
    names
        The column names of X; empty if X has none.
    count
        The number of columns of X.
    parameter
        The parameter that holds `wanted`, for the message.

    Raises
    ------
    ValueError
        X has no such column.

    Examples
    --------
    >>> resolve_columns(["b", 0], names=["a", "b"], count=2, parameter="anchor").tolist()
    [1, 0]
    """
    positions = []
    for column in () if wanted is None else tuple(wanted):
        if isinstance(column, str):
            if column not in names:
                known = ", ".join(map(str, names)) or "none: X has no column names"
                raise ValueError(f"{parameter} names the column {column!r}; X has {known}")
            positions.append(list(names).index(column))
        elif _is_whole(column) and 0 <= column < count:
            positions.append(int(column))
        else:
            raise ValueError(f"{parameter} must hold columns from 0 to {count - 1}; got {column!r}")
    return np.array(positions, dtype=np.intp)


def check_variance(y: NDArray[Any]) -> NDArray[np.float64]:
    """Return `y` as (n, H); raise ``ValueError`` unless every value is finite and above 0."""
    y = np.asarray(y, dtype=np.float64)
    y = y.reshape(len(y), -1)
    if not np.isfinite(y).all() or (y <= 0).any():
        worst = y.ravel()[np.argmin(np.where(np.isfinite(y), y, -np.inf))]
        raise ValueError(
            f"y is a variance and must be finite and above 0; got {worst:g}: "
            "drop such rows (a session without a price range has no target)"
        )
    return y


def check_sample_weight(weight: Any, rows: int) -> NDArray[np.float64] | None:
    """Return weights of rows, (n,), or None for None.

    Raises
    ------
    ValueError
        There is not one weight for each row, one is negative, infinite or NaN, or all are 0.

    Examples
    --------
    >>> check_sample_weight([1.0, -2.0], 2)
    Traceback (most recent call last):
        ...
    ValueError: sample_weight must be finite and 0 or more; got -2 in row 1
    """
    if weight is None:
        return None
    checked = np.asarray(weight, dtype=np.float64)
    if checked.shape != (rows,):
        raise ValueError(
            f"sample_weight must hold one weight for each of the {rows} rows; its shape is "
            f"{checked.shape}"
        )
    valid = np.isfinite(checked) & (checked >= 0)
    if not valid.all():
        row = int(np.argmin(valid))
        raise ValueError(
            f"sample_weight must be finite and 0 or more; got {checked[row]:g} in row {row}"
        )
    if not checked.any():
        raise ValueError(
            "sample_weight has the weight zero in every row: give some a weight above 0"
        )
    return checked


def check_anchor_columns(X: NDArray[Any], columns: NDArray[np.intp]) -> None:
    """Raise ``ValueError`` if an anchor column of `X` is not finite in a row."""
    finite = np.isfinite(X[:, columns])
    if not finite.all():
        row, column = np.argwhere(~finite)[0]
        raise ValueError(
            f"anchor column {columns[column]} is not finite in row {row}; "
            "values may be missing in other columns only: drop such rows"
        )


def format_divergence(
    diverged: NDArray[np.bool_], epochs_run: NDArray[np.integer], learning_rate: float
) -> str:
    """Return the warning that members diverged; `diverged` and `epochs_run` are (members,).

    Examples
    --------
    >>> print(format_divergence(np.array([True, False]), np.array([3, 9]), 0.5))
    1 of 2 members diverged, the first in epoch 3; their best weights up to then are kept: lower \
learning_rate (0.5) or clip the gradients
    """
    first = int(epochs_run[diverged].min())
    return (
        f"{diverged.sum()} of {len(diverged)} members diverged, the first in epoch {first}; their "
        f"best weights up to then are kept: lower learning_rate ({learning_rate:g}) or clip the "
        "gradients"
    )


def warn_of_divergence(
    diverged: NDArray[np.bool_], epochs_run: NDArray[np.integer], learning_rate: float
) -> None:
    """Issue a ``ConvergenceWarning`` at the caller of `fit` if a member diverged."""
    if diverged.any():
        from sklearn.exceptions import ConvergenceWarning

        message = format_divergence(diverged, epochs_run, learning_rate)
        warnings.warn(message, ConvergenceWarning, stacklevel=3)  # this, fit


def _is_number(value: Any) -> bool:
    number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    return number and bool(np.isfinite(value))


def _is_positive(value: Any) -> bool:
    return _is_number(value) and value > 0


def _is_not_negative(value: Any) -> bool:
    return _is_number(value) and value >= 0


def _is_weight(value: Any) -> bool:
    return _is_number(value) and 0 <= value <= 1


def _is_share(value: Any) -> bool:
    return _is_number(value) and 0 <= value < 1


def _is_whole(value: Any) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def _is_count(value: Any) -> bool:
    return _is_whole(value) and value >= 1


def _is_index(value: Any) -> bool:
    return _is_whole(value) and value >= 0


def _is_purge(value: Any) -> bool:
    return value is None or _is_index(value)


def _are_horizons(value: Any) -> bool:
    return value is None or (_are_counts(value) and len(value) > 0)


def _is_batch_size(value: Any) -> bool:
    return value is None or _is_count(value)


def _is_loss(value: Any) -> bool:
    """Return whether Keras knows the loss; TensorFlow is imported for uncommon ones only."""
    if value in ("qlike", "mse"):
        return True
    from volcast.models.engine.losses import build_row_loss

    try:
        return callable(build_row_loss(value))
    except (ValueError, TypeError):
        return False


def _are_weights(value: Any) -> bool:
    array = np.asarray(value)
    return array.dtype.kind in "if" and array.ndim < 2 and bool(((array >= 0) & (array <= 1)).all())


def _are_counts(value: Any) -> bool:
    sequence = isinstance(value, (list, tuple, np.ndarray))
    return sequence and all(_is_count(units) for units in value)


def _one_of(names: Collection[str]) -> tuple[Check, str]:
    return lambda value: value in names, f"one of {', '.join(names)}"


_COUNT = (_is_count, "a whole number, 1 or more")
_INDEX = (_is_index, "a whole number, 0 or more")
_POSITIVE = (_is_positive, "a number above 0")
_NOT_NEGATIVE = (_is_not_negative, "0 or more")
_SHARE = (_is_share, "in [0, 1)")

_RULES: Mapping[str, tuple[Check, str]] = {
    "learning_rate": _POSITIVE,
    "batch_size": (_is_batch_size, "a whole number, 1 or more, or None"),
    "epochs": _COUNT,
    "patience": _COUNT,
    "optimizer": _one_of(OPTIMIZERS),
    "schedule": _one_of(SCHEDULES),
    "warmup_epochs": _NOT_NEGATIVE,
    "loss": (_is_loss, 'qlike, or a loss of Keras, such as "mse" or "huber"'),
    "hidden": (_are_counts, "a sequence of whole numbers, 1 or more"),
    "activation": _one_of(ACTIVATIONS),
    "initialisation": _one_of(INITIALISATIONS),
    "dropout": _SHARE,
    "l2": _NOT_NEGATIVE,
    "weight_decay": _NOT_NEGATIVE,
    "clipping": _one_of(CLIPPINGS),
    "clip_at": _POSITIVE,
    "members": _COUNT,
    "bootstrap": (lambda value: isinstance(value, bool), "true or false"),
    "blend": (lambda value: value is None or _is_weight(value), "in [0, 1], or None"),
    "level_trust": (_are_weights, "in [0, 1], or a sequence of such numbers"),
    "validation_fraction": _SHARE,
    "purge": (_is_purge, "a whole number, 0 or more, or None"),
    "horizons": (_are_horizons, "a sequence of whole numbers, 1 or more, or None"),
    "seed": _INDEX,
}
