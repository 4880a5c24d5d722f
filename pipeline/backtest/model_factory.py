"""The unfitted models that the settings ask for."""

from __future__ import annotations

from typing import Any

import numpy as np

from volcast.models.baselines.catalogue import GARCH_MODELS, REFERENCE, make_baseline
from volcast.models.forecaster import Forecaster
from volcast.models.network import Network
from volcast.models.pretrained.combined_network import CombinedNetwork
from volcast.models.pretrained.network_folder import AnyNetwork
from volcast.models.regressor.estimator import KerasVolatilityRegressor
from volcast.pipeline.config.settings import AUTOMATIC, Config
from volcast.pipeline.errors import ConfigError
from volcast.pipeline.vintages.catalogue import load_usable_vintage


def list_baselines(config: Config, tickers: int) -> tuple[str, ...]:
    """Return the names of the baselines of a panel with so many tickers, the reference model first.

    Examples
    --------
    >>> list_baselines(Config(), tickers=2)[:2]
    ('har', 'last_value')
    >>> [name for name in list_baselines(Config(), tickers=3000) if "garch" in name]
    []
    """
    left_out = {REFERENCE, *list_left_out(config, tickers)}
    return (REFERENCE, *(name for name in config.baselines.models if name not in left_out))


def list_left_out(config: Config, tickers: int) -> list[str]:
    """Return the baselines that take too long for so many tickers (`baselines.garch_tickers`)."""
    if tickers <= config.baselines.garch_tickers:
        return []
    return [name for name in config.baselines.models if name in GARCH_MODELS]


def build_baselines(config: Config, tickers: int) -> dict[str, Forecaster]:
    """Return the unfitted baselines of a panel with so many tickers, by name.

    Raises
    ------
    ConfigError
        A class of the user's cannot be imported or is not a forecaster.
    """
    try:
        return {name: make_baseline(name) for name in list_baselines(config, tickers)}
    except ValueError as error:
        raise ConfigError(f"baselines.models: {error}") from error


def build_network(
    config: Config, first_untrained: np.datetime64, on_epoch: Any = None
) -> AnyNetwork:
    """Return the unfitted network, combined with a pretrained one if there is one that it may use.

    Parameters
    ----------
    config
        The settings.
    first_untrained
        The first origin of the validation part, before which a vintage must have ended.
    on_epoch
        See `volcast.models.network.Network`.

    Raises
    ------
    ConfigError
        A vintage is missing or damaged.
    """
    local = Network(build_regressor(config), on_epoch)
    vintage = load_usable_vintage(config, first_untrained)
    return local if vintage is None else CombinedNetwork(local, vintage)


def build_regressor(config: Config) -> KerasVolatilityRegressor:
    """Return the unfitted regressor of the section [model]."""
    settings = config.model.model_dump(exclude={"pretrained"})
    by_rows = {
        "batch_size": settings["batch_size"] or None,
        "blend": None if settings["blend"] == AUTOMATIC else settings["blend"],
    }
    return KerasVolatilityRegressor(**settings | by_rows)
