"""The network of a run: one trained on its tickers, combined with a pretrained vintage."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray

from volcast.models.forecaster import (
    Float,
    Forecaster,
    Sample,
    Split,
    select_fit_rows,
)
from volcast.models.network import Network
from volcast.models.pretrained.combination import (
    LEVEL_SESSIONS,
    Combination,
    expect_weight,
    fit_level,
    fit_weight,
    measure_history,
)
from volcast.models.pretrained.selection import check_vintage
from volcast.models.pretrained.vintage import Vintage
from volcast.models.regressor.estimator import KerasVolatilityRegressor


class CombinedNetwork(Forecaster):
    """A mean, in logs, of the forecasts of a local network and of a pretrained one.

    The local network is trained exactly as without a vintage. Where it has no forecast, as for a
    ticker whose history is too short, that of the vintage is taken, and the reverse.

    Parameters
    ----------
    local
        The network that is trained on the tickers of the sample.
    vintage
        The pretrained network; it must have ended before the validation part of the fit.
    combination
        Of a network that was fitted earlier.

    Attributes
    ----------
    combination_
        The weight of the vintage at each horizon, and the correction of its level.
    """

    def __init__(
        self, local: Network, vintage: Vintage, combination: Combination | None = None
    ) -> None:
        self.local = local
        self.vintage = vintage
        if combination is not None:
            self.combination_ = combination

    @property
    def regressor(self) -> KerasVolatilityRegressor:
        """The regressor of the local network."""
        return self.local.regressor

    def fit(self, sample: Sample, split: Split) -> Self:
        """Train the local network, then estimate how to combine it with the vintage.

        Raises
        ------
        ValueError
            The vintage has seen targets of the validation part or later ones.
        """
        check_vintage(self.vintage, sample.sessions[split.validation.start])
        self.local.fit(sample, split)
        self.combination_ = self._fit_combination(sample, split)
        return self

    def forecast(self, sample: Sample, origins: slice) -> Float:
        """Return the mean daily variance, (n, N, H); NaN where neither network has a forecast."""
        local_log = np.log(self.local.forecast(sample, origins))
        pretrained_log = self.forecast_pretrained_log(sample, origins)
        return np.exp(self.combination_.combine(local_log, pretrained_log))

    def forecast_local(self, sample: Sample, origins: slice) -> Float:
        """Return the forecast of the local network, (n, N, H)."""
        return self.local.forecast(sample, origins)

    def forecast_members(self, sample: Sample, origins: slice) -> Float:
        """Return the forecasts of each local network alone, (members, n, N, H)."""
        return self.local.forecast_members(sample, origins)

    def forecast_pretrained_log(self, sample: Sample, origins: slice) -> Float:
        """Return the log forecast of the vintage as it is, (n, N, H); NaN if not forecastable."""
        return self.vintage.forecast_origins_log(sample, origins)

    def _fit_combination(self, sample: Sample, split: Split) -> Combination:
        """Return weight and level.

        The level is that of the newest sessions, also of those that the vintage has seen: it has
        not been fitted to their level. The weight is judged on the validation part alone, and is 0
        at horizons that the vintage does not forecast.
        """
        validation, horizons = split.validation, sample.horizons
        # A long validation part must not leave too few sessions before it for their level.
        first = min(validation.stop - LEVEL_SESSIONS, validation.start - LEVEL_SESSIONS // 2)
        start = max(first, 0)
        part = slice(start, validation.stop)
        log_target = np.log(sample.bounded.target[part])
        pretrained_log = self.forecast_pretrained_log(sample, part)
        # For the weight, the level is that of the sessions before the validation part.
        before = self._know_before(sample, part, validation.start)
        early_level = fit_level(np.where(before, log_target - pretrained_log, np.nan))
        judged = slice(validation.start - start, None)
        trained = select_fit_rows(sample, split.train, known_before=validation.start)
        weight = fit_weight(
            np.log(self.local.forecast(sample, validation)),
            pretrained_log[judged] + early_level,
            log_target[judged],
            horizons,
            expected=expect_weight(measure_history(trained), early_level),
        )
        weight[~np.isin(horizons, self.vintage.horizons)] = 0.0
        newest = slice(-LEVEL_SESSIONS, None)
        return Combination(weight, fit_level((log_target - pretrained_log)[newest]))

    @staticmethod
    def _know_before(sample: Sample, part: slice, position: int) -> NDArray[np.bool_]:
        """Return whether the targets (n, N, H) of `part` ended before the session at `position`."""
        return np.asarray(sample.target_end[part] < sample.sessions[position])
