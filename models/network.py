"""The network forecaster: one KerasVolatilityRegressor for all tickers of the panel."""

from __future__ import annotations

from typing import Any, Self

from models.forecaster import (
    REQUIRED,
    Float,
    Forecaster,
    Sample,
    Split,
    fitted_rows,
    forecast_usable,
)
from models.regressor import KerasVolatilityRegressor


class Network(Forecaster):
    """A HAR-anchored Keras network, pooled over tickers, all horizons at once.

    Parameters
    ----------
    regressor
        The unfitted regressor; its anchor is set to the HAR columns here.
    on_epoch
        Called as ``on_epoch(epoch, train_loss, val_loss)`` with the members' medians.
    """

    def __init__(self, regressor: KerasVolatilityRegressor, on_epoch: Any = None) -> None:
        self.regressor = regressor
        self.on_epoch = on_epoch

    def fit(self, sample: Sample, split: Split) -> Self:
        """Train on the training part, stop early and correct the bias on the validation part."""
        sample.columns(REQUIRED)
        self.regressor.set_params(anchor=[sample.names.index(name) for name in REQUIRED])
        train = fitted_rows(sample, split.train, known_before=split.validation.start)
        held_out = fitted_rows(sample, split.validation)
        self.regressor.fit(
            sample.x[train],
            sample.target[train],
            validation_data=(sample.x[held_out], sample.target[held_out]),
            callbacks=self._callbacks(),
        )
        return self

    def forecast(self, sample: Sample, origins: slice) -> Float:
        """Return the regressor's forecasts, (n, N, H)."""
        return forecast_usable(
            sample, origins, lambda x: self.regressor.predict(x).reshape(len(x), -1)
        )

    def _callbacks(self) -> list[Any]:
        if self.on_epoch is None:
            return []
        from models.backend import keras

        def tell(epoch: int, logs: dict[str, float]) -> None:
            self.on_epoch(epoch + 1, logs["loss"], logs["val_loss"])

        return [keras.callbacks.LambdaCallback(on_epoch_end=tell)]
