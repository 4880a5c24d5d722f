"""The inputs of a correction to HAR: all features, levels relative to HAR, standardised."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from volcast.models.regressor.anchor import LARGEST_INPUT, LogLinear
from volcast.models.regressor.error_bounds import Weight
from volcast.models.regressor.scaling import ReadRows, Scaler
from volcast.models.regressor.validation import check_anchor_columns

Float = NDArray[np.float64]
Positions = NDArray[np.intp]

RIDGE = 0.1  # chosen on development years; 0.03 to 0.3 differ by less than sampling error


@dataclass(frozen=True)
class Inputs:
    """The anchor's forecast of a row, and the standardised inputs of a model that corrects it.

    Columns that hold the log of a variance enter minus the anchor's forecast (the mean over the
    targets). A correction therefore cannot identify a period or a ticker by the level of its
    variance, about which a few years contain too little information, and it does not change if all
    variances are multiplied by a constant.

    Attributes
    ----------
    anchor
        Fitted on `anchor_columns`.
    scaler
        Fitted on all columns, the levels relative to the anchor.
    anchor_columns, level_columns
        Positions in X, (A,) and (L,).
    """

    anchor: LogLinear
    scaler: Scaler
    anchor_columns: Positions
    level_columns: Positions

    @classmethod
    def fit(
        cls,
        X: NDArray[np.floating],
        log_y: Float,
        anchor_columns: Positions,
        levels: Positions,
        weight: Weight = None,
    ) -> Inputs:
        """Estimate anchor and scaler on rows X (n, F) with log variance (n, H).

        Rows of `weight` (n,) count as if they were repeated as often; none may be 0.

        Raises
        ------
        ValueError
            An anchor column is not finite in a row.
        """
        check_anchor_columns(X, anchor_columns)
        anchor = LogLinear.fit(X[:, anchor_columns], log_y, weight=weight)
        read = _read_relative(X, anchor.predict_log(X[:, anchor_columns]), levels)
        return cls(anchor, Scaler.fit_blocks(read, len(X), weight), anchor_columns, levels)

    def transform(
        self, X: NDArray[np.floating], out: NDArray[np.float32] | None = None
    ) -> tuple[NDArray[np.float32], Float]:
        """Return standardised inputs (n, F) and the anchor's log variance (n, H).

        The inputs are written to `out` if it is given, which may be X itself.

        Raises
        ------
        ValueError
            An anchor column is not finite in a row.
        """
        check_anchor_columns(X, self.anchor_columns)
        anchor_log = self.anchor.predict_log(X[:, self.anchor_columns])
        read = _read_relative(X, anchor_log, self.level_columns)
        result = np.empty(X.shape, np.float32) if out is None else out
        return self.scaler.transform_blocks(read, result), anchor_log


@dataclass(frozen=True)
class LinearCorrection:
    """HAR-X: the anchor plus a ridge regression of its error on the standardised inputs.

    The penalty prevents collinear features from cancelling each other with large slopes; if the
    features carry no information, the forecast is HAR's.
    """

    inputs: Inputs
    correction: LogLinear

    @classmethod
    def fit(
        cls,
        X: NDArray[np.floating],
        log_y: Float,
        anchor_columns: Positions,
        levels: Positions,
        weight: Weight = None,
        *,
        overwrite_x: bool = False,
    ) -> LinearCorrection:
        """Estimate on rows X (n, F) with log variance (n, H); `weight` (n,) is as for `Inputs`.

        With `overwrite_x`, single-precision X is standardised in place, which saves a copy of it.
        """
        inputs = Inputs.fit(X, log_y, anchor_columns, levels, weight)
        reused = X if overwrite_x and X.dtype == np.float32 else None
        standardised, anchor_log = inputs.transform(X, reused)
        error = log_y - anchor_log
        return cls(inputs, LogLinear.fit(standardised, error, ridge=RIDGE, weight=weight))

    def predict_log(self, X: NDArray[np.floating]) -> Float:
        """Return the log of the mean variance, (n, H)."""
        standardised, anchor_log = self.inputs.transform(X)
        return anchor_log + self.correction.predict_log(standardised)


def _read_relative(X: NDArray[np.floating], anchor_log: Float, levels: Positions) -> ReadRows:
    """Return a reader of `X` with the anchor's mean forecast subtracted from the levels.

    It is in double precision, block by block: a column far from 0 would lose its spread in single
    precision, and a panel in double precision would not fit into memory.
    """
    reference = anchor_log.mean(axis=1)

    def read(rows: slice) -> Float:
        relative = np.array(X[rows], dtype=np.float64)
        relative[:, levels] -= reference[rows, None]
        return np.clip(relative, -LARGEST_INPUT, LARGEST_INPUT)

    return read
