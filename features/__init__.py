"""Pure functions from price bars to feature columns and targets.

`bars` holds the prices of one exchange, the families compute features from them, `selection` says
which a model gets, `target` is what it forecasts, and `panel` combines both. The functions
take and return arrays and frozen records; they know no settings, clock or file.

A feature in row t uses data up to the close of session t; only `target` looks forward. Everything
is daily variance in squared log-return units; `units` converts it to annualised volatility.
"""

# Importing a family registers its features; this order is the order of the registry.
# isort: off
from volcast.features import past_volatility
from volcast.features import variance_dynamics
from volcast.features import returns
from volcast.features import volume
from volcast.features import calendar
from volcast.features import earnings_echo
from volcast.features import market
from volcast.features import earnings_reports
from volcast.features import exogenous
# isort: on

__all__ = [
    "calendar",
    "earnings_echo",
    "earnings_reports",
    "exogenous",
    "market",
    "past_volatility",
    "returns",
    "variance_dynamics",
    "volume",
]
