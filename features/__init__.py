"""Pure functions from price bars to feature columns and targets."""

# Importing a family enters its features; this order is the order of the registry.
# isort: off
from features import past_volatility, returns, volume, calendar, echo, market
# isort: on

__all__ = ["calendar", "echo", "market", "past_volatility", "returns", "volume"]
