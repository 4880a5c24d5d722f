"""A saved regressor that only forecasts: without scikit-learn, whose import takes a second."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from volcast.models.regressor.fitting import average_log, correct
from volcast.models.regressor.numpy_network import NumpyNetwork
from volcast.models.regressor.preprocessing import Inputs, LinearCorrection
from volcast.models.regressor.storage import load_regressor

Float = NDArray[np.float64]


class Fitted(Protocol):
    """The parameters and attributes of a fitted regressor that its forecast depends on."""

    inputs_: Inputs
    numpy_network_: NumpyNetwork
    linear_: LinearCorrection
    best_epoch_: NDArray[np.intp]
    bias_: Float
    blend_: float
    blend: float | None


class Predictor(Fitted):
    """The forecast of a saved `KerasVolatilityRegressor`, bit for bit.

    Its attributes are the parameters and the fitted attributes of the regressor.
    """

    def __init__(self, **parameters: Any) -> None:
        vars(self).update(parameters)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Return what `KerasVolatilityRegressor.save` wrote.

        Raises
        ------
        ValueError
            A file is missing or damaged; the message names it.
        """
        return load_regressor(folder, cls)

    def predict(self, X: NDArray[np.floating]) -> Float:
        """Return the mean variance, (n, H), for inputs X (n, F) in the order of the training."""
        return np.exp(forecast_log(self, X))


def forecast_log(fitted: Fitted, X: NDArray[np.floating]) -> Float:
    """Return the log of the mean variance that a fitted regressor forecasts, (n, H)."""
    networks = average_log(
        *correct(fitted.numpy_network_, fitted.inputs_, X, fitted.best_epoch_.shape)
    )
    networks = networks + fitted.bias_
    weight = fitted.blend_ if fitted.blend is None else fitted.blend
    linear = fitted.linear_.predict_log(X) if weight else 0.0
    return fitted.inputs_.anchor.bound((1.0 - weight) * networks + weight * linear)
