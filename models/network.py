"""The network forecaster: one KerasVolatilityRegressor for all tickers of the panel."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from volcast.models.forecast_blocks import forecast_rows, predict_blocks
from volcast.models.forecaster import (
    REQUIRED,
    Float,
    Forecaster,
    Sample,
    Split,
    select_fit_rows,
)
from volcast.models.regressor.estimator import KerasVolatilityRegressor
from volcast.models.thinning import MOST_FIT_ROWS, MOST_HELD_OUT_ROWS, thin_rows

THIN_STREAM = 7  # of the seed
DRIFT_PRIOR = 10.0  # weight of the prior that the level is constant, in independent targets


class Network(Forecaster):
    """A HAR-anchored Keras network, pooled over tickers, for all horizons at once.

    Parameters
    ----------
    regressor
        The unfitted regressor; `fit` sets its anchor, levels and level trust.
    on_epoch
        Called after each epoch as ``on_epoch(epoch, train_loss, val_loss)``, with the medians over
        the members.

    References
    ----------
    Corsi (2009), Journal of Financial Econometrics 7 (HAR).
    """

    def __init__(self, regressor: KerasVolatilityRegressor, on_epoch: Any = None) -> None:
        self.regressor = regressor
        self.on_epoch = on_epoch

    def fit(self, sample: Sample, split: Split) -> Self:
        """Train on the training part; stop early and correct the bias on the validation part.

        Of a part with more rows than `thinning` names, as many are drawn at random.
        """
        train = select_fit_rows(sample, split.train, known_before=split.validation.start)
        held_out = select_fit_rows(sample, split.validation)
        sessions = int(held_out.any(axis=1).sum())
        rng = np.random.default_rng([self.regressor.seed, THIN_STREAM])
        train = thin_rows(train, MOST_FIT_ROWS, rng)
        held_out = thin_rows(held_out, MOST_HELD_OUT_ROWS, rng)
        self.regressor.set_params(
            anchor=list(sample.positions(REQUIRED)),
            levels=list(np.flatnonzero(sample.level)),
            level_trust=self._compute_level_trust(sample, sessions),
        )
        self.regressor.fit(
            *sample.select_fit_data(train),
            validation_data=sample.select_fit_data(held_out),
            callbacks=self._build_callbacks(),
        )
        return self

    def forecast(self, sample: Sample, origins: slice) -> Float:
        """Return the mean daily variance, (n, N, H); NaN where not forecastable."""
        return forecast_rows(
            sample, origins, lambda x: self.regressor.predict(x).reshape(len(x), -1)
        )

    def forecast_local(self, sample: Sample, origins: slice) -> Float:
        """Return the forecast without a pretrained network, which is the forecast itself."""
        return self.forecast(sample, origins)

    def forecast_members(self, sample: Sample, origins: slice) -> Float:
        """Return the forecasts of each network alone, without the blend, (members, n, N, H)."""
        shape = (self.regressor.members, *sample.target[origins].shape)
        variance = np.full(shape, np.nan)
        predict = self.regressor.predict_members
        for block, rows, found in predict_blocks(sample, origins, predict):
            variance[:, block][:, rows] = found
        return variance

    def _compute_level_trust(self, sample: Sample, sessions: int) -> list[float]:
        """Return the share of the held-out level error to correct at each horizon.

        Targets overlap, so that `sessions` contain sessions / horizon independent ones; they are
        weighed against the prior that the level has not drifted. For other losses than QLIKE the
        forecast is a median of the variance, and the correction to the mean is made in full.
        """
        if self.regressor.loss != "qlike":
            return [1.0] * len(sample.horizons)
        return [sessions / (sessions + DRIFT_PRIOR * horizon) for horizon in sample.horizons]

    def _build_callbacks(self) -> list[Any]:
        if self.on_epoch is None:
            return []
        from volcast.models.backend import keras

        def report_epoch(epoch: int, logs: dict[str, float]) -> None:
            self.on_epoch(epoch + 1, logs["loss"], logs["val_loss"])

        return [keras.callbacks.LambdaCallback(on_epoch_end=report_epoch)]
