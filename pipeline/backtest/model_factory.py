"""The unfitted models that the settings ask for."""

from __future__ import annotations

from volcast.models.baselines.catalogue import REFERENCE, make_baseline
from volcast.models.forecaster import Forecaster
from volcast.models.regressor.estimator import KerasVolatilityRegressor
from volcast.pipeline.config.settings import AUTOMATIC, Config
from volcast.pipeline.errors import ConfigError


def list_baselines(config: Config) -> tuple[str, ...]:
    """Return the names of the baselines, the reference model first.

    Examples
    --------
    >>> list_baselines(Config())[:2]
    ('har', 'last_value')
    """
    return (REFERENCE, *(name for name in config.baselines.models if name != REFERENCE))


def build_baselines(config: Config) -> dict[str, Forecaster]:
    """Return the unfitted baselines by name.

    Raises
    ------
    ConfigError
        A class of the user's cannot be imported or is not a forecaster.
    """
    try:
        return {name: make_baseline(name) for name in list_baselines(config)}
    except ValueError as error:
        raise ConfigError(f"baselines.models: {error}") from error


def build_regressor(config: Config) -> KerasVolatilityRegressor:
    """Return the unfitted regressor of the section [model]."""
    settings = config.model.model_dump()
    by_rows = {
        "batch_size": settings["batch_size"] or None,
        "blend": None if settings["blend"] == AUTOMATIC else settings["blend"],
    }
    return KerasVolatilityRegressor(**settings | by_rows)
