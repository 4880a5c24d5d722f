"""Volatility forecasting: a Keras regressor anchored on HAR, its backtest, and a scheduled job.

The public names are imported when they are first used, so that ``import volcast`` is instant.

Examples
--------
>>> import volcast
>>> volcast.KerasVolatilityRegressor(learning_rate=0.001, members=4).get_params()["members"]
4
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from volcast.models.forecaster import Forecaster
    from volcast.models.regressor.estimator import KerasVolatilityRegressor
    from volcast.pipeline.backtest.run import run
    from volcast.pipeline.config.settings import Config
    from volcast.pipeline.version import __version__

__all__ = ["Config", "Forecaster", "KerasVolatilityRegressor", "__version__", "run"]

_MODULE_OF = {
    "Config": "volcast.pipeline.config.settings",
    "Forecaster": "volcast.models.forecaster",
    "KerasVolatilityRegressor": "volcast.models.regressor.estimator",
    "__version__": "volcast.pipeline.version",
    "run": "volcast.pipeline.backtest.run",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'volcast' has no attribute {name!r}")
    value = getattr(import_module(_MODULE_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
