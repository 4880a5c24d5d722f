"""A vintage: a regressor that was trained on a whole market, on targets up to a date."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from volcast.models.forecast_blocks import predict_blocks
from volcast.models.forecaster import REQUIRED, Float, Sample
from volcast.models.pretrained.feature_groups import FeatureGroup, add_indicators
from volcast.models.regressor.numpy_network import NumpyNetwork

PERCENTILES = tuple(range(1, 100))


class TrainedRegressor(Protocol):
    """A regressor that was trained, or one that was loaded to forecast."""

    numpy_network_: NumpyNetwork

    def predict(self, X: Any) -> Float:
        """Return the mean variance, (n, H)."""
        ...


@dataclass(frozen=True, eq=False)
class Vintage:
    """A regressor trained on a market up to a date, with what is needed to apply it elsewhere.

    Attributes
    ----------
    last_target
        The last session of what it was trained, stopped or calibrated on.
    features
        The names of its F features; the inputs of the regressor are these and an indicator for each
        group.
    groups
        Features that are known or unknown together.
    horizons
        Of its H targets, in sessions.
    regressor
        Fitted.
    error_percentiles
        (H, 99), the percentiles 1 to 99 of the log errors, log outcome less log forecast, on rows
        that it was not fitted on: the width of an interval until a ticker has errors of its own.
    folder, digest
        Where it is kept, such as "2017-11"; SHA-256 of its record, which holds those of its files.
        They are empty for one that was not loaded.
    """

    last_target: np.datetime64
    features: tuple[str, ...]
    groups: tuple[FeatureGroup, ...]
    horizons: tuple[int, ...]
    regressor: TrainedRegressor
    error_percentiles: Float
    folder: Path = Path()
    digest: str = ""

    @property
    def name(self) -> str:
        """The name of its folder."""
        return self.folder.name

    def forecast_log(self, sample: Sample, rows: NDArray[np.bool_]) -> Float:
        """Return the log of the mean daily variance that it forecasts, (n, H of `sample`).

        Parameters
        ----------
        sample
            Its features are matched by name; those that it lacks count as unknown.
        rows
            (T, N), the rows to forecast.

        Returns
        -------
        (n, H), in the order of `rows`; NaN where a term of HAR is unknown, and at horizons that the
        vintage was not trained for.
        """
        return self.predict_log(sample.names, sample.x[rows], sample.horizons)

    def predict_log(
        self, names: Sequence[str], inputs: NDArray[np.float32], horizons: Sequence[int]
    ) -> Float:
        """Return the log of the mean daily variance, (n, H of `horizons`).

        It is NaN where a term of HAR is unknown, and at horizons that it was not trained for.

        Parameters
        ----------
        names, inputs
            Features (n, F) and their names; those that the vintage needs and that are not among
            them count as unknown.
        horizons
            In sessions.
        """
        x = match_columns(names, inputs, self.features)
        known = np.isfinite(x[:, self._required()]).all(axis=1)
        result = np.full((len(x), len(horizons)), np.nan)
        if known.any():
            inputs = add_indicators(x[known], self.features, self.groups)
            variance = self.regressor.predict(inputs).reshape(int(known.sum()), -1)
            for place, horizon in enumerate(horizons):
                if horizon in self.horizons:
                    column = self.horizons.index(horizon)
                    result[known, place] = np.log(variance[:, column])
        return result

    def forecast_origins_log(self, sample: Sample, origins: slice) -> Float:
        """Return the log forecasts of all tickers, (n, N, H of `sample`).

        They are those of `forecast_log`, and NaN where the sample is not forecastable.
        """
        result = np.full(sample.target[origins].shape, np.nan)

        def predict(x: NDArray[np.float32]) -> Float:
            return self.predict_log(sample.names, x, sample.horizons)

        for block, rows, found in predict_blocks(sample, origins, predict):
            result[block][rows] = found
        return result

    def _required(self) -> list[int]:
        return [self.features.index(name) for name in REQUIRED]


def have_equal_weights(one: Vintage, two: Vintage) -> bool:
    """Return whether the networks of two vintages are equal bit for bit.

    Their files are not: they hold the moment of writing.
    """
    weights = [vintage.regressor.numpy_network_.weights for vintage in (one, two)]
    return len(weights[0]) == len(weights[1]) and all(map(np.array_equal, *weights))


def match_columns(
    names: Sequence[str], known: NDArray[np.float32], wanted: Sequence[str]
) -> NDArray[np.float32]:
    """Return the wanted features (n, W) from the features (n, F) of `names`; NaN if there is none.

    Examples
    --------
    >>> match_columns(["a", "b"], np.array([[1.0, 2.0]], np.float32), ["b", "c"]).tolist()
    [[2.0, nan]]
    """
    x = np.full((len(known), len(wanted)), np.nan, dtype=np.float32)
    for place, name in enumerate(wanted):
        if name in names:
            x[:, place] = known[:, names.index(name)]
    return x
