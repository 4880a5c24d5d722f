"""Volatility forecasting: a Keras regressor anchored on HAR, its backtest, and a scheduled job.

The public names are imported when they are first used, so that ``import volcast`` is instant.

Examples
--------
>>> import volcast
>>> prices = volcast.load_prices(source="sample-stocks", tickers=["AAPL"])
>>> volcast.forecast(prices).forecasts["horizon"].tolist()
[1, 5, 22]
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from volcast import metrics, model_selection
    from volcast.models.forecaster import Forecaster
    from volcast.models.regressor.estimator import KerasVolatilityRegressor
    from volcast.pipeline.config.settings import Config
    from volcast.pipeline.errors import VolcastError
    from volcast.pipeline.library.backtest import backtest, run
    from volcast.pipeline.library.explanation import Explanation
    from volcast.pipeline.library.forecast import forecast
    from volcast.pipeline.library.forecast_result import Forecast
    from volcast.pipeline.library.home_result import JobHome
    from volcast.pipeline.library.load import load
    from volcast.pipeline.library.prices import Prices, load_prices
    from volcast.pipeline.library.run_result import Run
    from volcast.pipeline.library.server_result import Server
    from volcast.pipeline.version import __version__

__all__ = [
    "Config",
    "Explanation",
    "Forecast",
    "Forecaster",
    "JobHome",
    "KerasVolatilityRegressor",
    "Prices",
    "Run",
    "Server",
    "VolcastError",
    "__version__",
    "backtest",
    "forecast",
    "load",
    "load_prices",
    "metrics",
    "model_selection",
    "run",
]

_LIBRARY = "volcast.pipeline.library"
_MODULE_OF = {
    "Config": "volcast.pipeline.config.settings",
    "Explanation": f"{_LIBRARY}.explanation",
    "Forecast": f"{_LIBRARY}.forecast_result",
    "Forecaster": "volcast.models.forecaster",
    "JobHome": f"{_LIBRARY}.home_result",
    "KerasVolatilityRegressor": "volcast.models.regressor.estimator",
    "Prices": f"{_LIBRARY}.prices",
    "Run": f"{_LIBRARY}.run_result",
    "Server": f"{_LIBRARY}.server_result",
    "VolcastError": "volcast.pipeline.errors",
    "__version__": "volcast.pipeline.version",
    "backtest": f"{_LIBRARY}.backtest",
    "forecast": f"{_LIBRARY}.forecast",
    "load": f"{_LIBRARY}.load",
    "load_prices": f"{_LIBRARY}.prices",
    "run": f"{_LIBRARY}.backtest",
}


_SUBMODULES = ("metrics", "model_selection")


def __getattr__(name: str) -> Any:
    if name in _SUBMODULES:
        return import_module(f"volcast.{name}")
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'volcast' has no attribute {name!r}")
    value = getattr(import_module(_MODULE_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
