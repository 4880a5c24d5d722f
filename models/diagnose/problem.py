"""The training problem that every diagnostic varies: rows, their parts, and the settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from volcast.models.engine.groups import Member, Rows
from volcast.models.engine.training import Plan
from volcast.models.regressor.estimator import KerasVolatilityRegressor
from volcast.models.regressor.preprocessing import Inputs
from volcast.models.regressor.training_plan import build_members, build_plan, build_rows
from volcast.models.regressor.validation import check_parameters, resolve_columns

Float = NDArray[np.float64]
Part = tuple[NDArray[Any], Float]  # inputs (n, F), future daily variance (n, H)
Numbers = NDArray[np.intp]


@dataclass(frozen=True)
class Problem:
    """Rows in logs, which of them train, stop and judge, and the configured regressor.

    Attributes
    ----------
    regressor : KerasVolatilityRegressor
        Unfitted; a diagnostic changes copies of it.
    rows : Rows
        Standardised inputs, HAR's log variance and the realised one, of all parts.
    training, validation, test : int (n,)
        Row numbers in time order. Scaler and anchor know the training rows alone; `test` comes
        last and stops nothing.
    """

    regressor: KerasVolatilityRegressor
    rows: Rows
    training: Numbers
    validation: Numbers
    test: Numbers

    def changed(self, **settings: Any) -> KerasVolatilityRegressor:
        """Return the regressor with some settings changed."""
        copy: KerasVolatilityRegressor = clone(self.regressor)
        copy.set_params(**settings)
        return copy

    def plan(self, regressor: KerasVolatilityRegressor | None = None) -> Plan:
        """Return what the engine shall do for a regressor, the configured one by default."""
        inputs, outputs = self.rows.inputs.shape[1], self.rows.target.shape[1]
        return build_plan(regressor or self.regressor, inputs, outputs)

    def team(self, regressor: KerasVolatilityRegressor | None = None) -> list[Member]:
        """Return the members of a regressor on the training and validation rows."""
        return build_members(regressor or self.regressor, self.training, self.validation)

    @property
    def batch_size(self) -> int:
        """Return the rows a step, also where they go by the number of training rows."""
        return self.team()[0].batch_size

    def har_loss(self, numbers: Numbers) -> Float:
        """Return HAR's QLIKE over some rows by horizon, (H,)."""
        nothing = np.zeros((1, len(numbers), 1))
        return np.asarray(qlike_by_horizon(self.rows, numbers, nothing)[0])


def build_problem(
    regressor: KerasVolatilityRegressor, training: Part, validation: Part, test: Part
) -> Problem:
    """Return the problem of three parts, each later than the one before.

    Parameters
    ----------
    regressor
        Unfitted; its `anchor` and `levels` name columns of the inputs.
    training, validation, test
        Inputs (n, F) and future daily variance (n, H) above 0, row t known at the close of t.

    Raises ``ValueError`` for a parameter or a row that breaks a rule, and for an empty part.
    """
    check_parameters(regressor)
    parts = (training, validation, test)
    for name, part in zip(("training", "validation", "test"), parts, strict=True):
        if not len(part[0]):
            raise ValueError(f"the {name} part holds no row; ask for a longer history")
    own = clone(regressor)
    own.n_features_in_ = training[0].shape[1]
    columns = resolve_columns(own, "anchor"), resolve_columns(own, "levels")
    inputs = Inputs.fit(training[0], np.log(training[1]), *columns)
    ends = np.cumsum([len(part[0]) for part in parts])
    numbers = np.split(np.arange(ends[-1]), ends[:-1])
    return Problem(clone(regressor), build_rows(inputs, parts), *numbers)


def qlike_by_horizon(rows: Rows, numbers: Numbers, corrections: Float) -> Float:
    """Return the mean QLIKE of log corrections (networks, n, H) over n rows, (networks, H)."""
    error = rows.target[numbers].astype(np.float64) - rows.anchor[numbers] - corrections
    return np.asarray((np.exp(error) - error - 1.0).mean(axis=1))


def thinned(part: Part, limit: int) -> Part:
    """Return at most `limit` rows of a part, evenly spread over its time."""
    inputs, variance = part
    if len(inputs) <= limit:
        return part
    kept = np.linspace(0, len(inputs) - 1, limit).astype(np.intp)
    return inputs[kept], variance[kept]
