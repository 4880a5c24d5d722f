"""The training problem that a diagnostic varies: the rows, their three parts, the regressor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from volcast.models.engine.member_groups import Member
from volcast.models.engine.rows import Rows
from volcast.models.engine.training import TrainingPlan
from volcast.models.regressor.estimator import KerasVolatilityRegressor
from volcast.models.regressor.preprocessing import Inputs
from volcast.models.regressor.training_plan import (
    build_members,
    build_plan,
    build_rows,
    compute_row_keys,
)
from volcast.models.regressor.validation import check_parameters, resolve_columns

Float = NDArray[np.float64]
Part = tuple[NDArray[Any], Float]  # inputs (n, F), future daily variance (n, H)
RowNumbers = NDArray[np.intp]


@dataclass(frozen=True)
class TrainingProblem:
    """Rows in logs, the parts that train, stop and test a network, and the configured regressor.

    Attributes
    ----------
    regressor
        Unfitted; a diagnostic changes copies of it.
    rows
        Standardised inputs, the log variance that HAR forecasts, and the realised one, of all
        parts.
    training, validation, test
        Row numbers (n,) in time order. Scaler and anchor are fitted on the training rows alone;
        `test` comes last and stops no training.
    row_keys
        Of the training rows (`compute_row_keys`), which set their random orders.
    """

    regressor: KerasVolatilityRegressor
    rows: Rows
    training: RowNumbers
    validation: RowNumbers
    test: RowNumbers
    row_keys: NDArray[np.uint64] | None = None

    def configure(self, **settings: Any) -> KerasVolatilityRegressor:
        """Return a copy of the regressor with some settings changed."""
        copy: KerasVolatilityRegressor = clone(self.regressor)
        copy.set_params(**settings)
        return copy

    def build_plan(self, regressor: KerasVolatilityRegressor | None = None) -> TrainingPlan:
        """Return the engine's plan for a regressor, by default the configured one."""
        inputs, outputs = self.rows.inputs.shape[1], self.rows.target.shape[1]
        params = (regressor or self.regressor).get_params(deep=False)
        return build_plan(params, inputs, outputs)

    def build_members(self, regressor: KerasVolatilityRegressor | None = None) -> list[Member]:
        """Return the members of a regressor on the training and validation rows."""
        params = (regressor or self.regressor).get_params(deep=False)
        return build_members(params, self.training, self.validation, self.row_keys)

    @property
    def learning_rate(self) -> float:
        """The configured learning rate."""
        return self.regressor.learning_rate

    @property
    def optimizer(self) -> str:
        """The name of the configured optimizer."""
        return self.regressor.optimizer

    @property
    def batch_size(self) -> int:
        """The configured rows per step, or the default for the number of training rows."""
        return self.build_members()[0].batch_size

    def compute_har_loss(self, numbers: RowNumbers) -> Float:
        """Return the QLIKE of HAR over some rows by horizon, (H,)."""
        no_correction = np.zeros((1, len(numbers), 1))
        return np.asarray(compute_qlike_by_horizon(self.rows, numbers, no_correction)[0])


def build_training_problem(
    regressor: KerasVolatilityRegressor, training: Part, validation: Part, test: Part
) -> TrainingProblem:
    """Return the training problem of three parts, each later than the one before.

    Parameters
    ----------
    regressor
        Unfitted; its `anchor` and `levels` name columns of the inputs by position.
    training, validation, test
        Inputs (n, F), known at the close of session t, and the future daily variance (n, H), above
        0, in squared log-return units.

    Raises
    ------
    ValueError
        A parameter or a row breaks a rule, or a part is empty.
    """
    params = regressor.get_params(deep=False)
    check_parameters(params)
    parts = (training, validation, test)
    for name, part in zip(("training", "validation", "test"), parts, strict=True):
        if not len(part[0]):
            raise ValueError(f"the {name} part has no rows; use a longer history")
    anchor, levels = (
        resolve_columns(params[name], names=(), count=training[0].shape[1], parameter=name)
        for name in ("anchor", "levels")
    )
    inputs = Inputs.fit(training[0], np.log(training[1]), anchor, levels)
    ends = np.cumsum([len(part[0]) for part in parts])
    first, second, third = np.split(np.arange(ends[-1]), ends[:-1])
    keys = compute_row_keys(training[0], np.union1d(levels, anchor))
    rows = build_rows(inputs, parts)
    return TrainingProblem(clone(regressor), rows, first, second, third, keys)


def compute_qlike_by_horizon(rows: Rows, numbers: RowNumbers, corrections: Float) -> Float:
    """Return the mean QLIKE of log corrections (networks, n, H) over n rows, (networks, H)."""
    error = rows.target[numbers].astype(np.float64) - rows.anchor[numbers] - corrections
    return np.asarray((np.exp(error) - error - 1.0).mean(axis=1))


def thin_rows(part: Part, limit: int) -> Part:
    """Return at most `limit` rows of a part, spread evenly over its time.

    Examples
    --------
    >>> rows = np.arange(9.0)[:, None]
    >>> thin_rows((rows, rows), limit=3)[0].ravel().tolist()
    [0.0, 4.0, 8.0]
    """
    inputs, variance = part
    if len(inputs) <= limit:
        return part
    chosen = np.linspace(0, len(inputs) - 1, limit).astype(np.intp)
    return inputs[chosen], variance[chosen]
