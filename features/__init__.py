"""Pure functions from price bars to feature columns and targets."""

# Importing a family enters its features; this order is the order of the registry.
# isort: off
from volcast.features import past_volatility
from volcast.features import returns
from volcast.features import volume
from volcast.features import calendar
from volcast.features import echo
from volcast.features import market
# isort: on

__all__ = ["calendar", "echo", "market", "past_volatility", "returns", "volume"]
