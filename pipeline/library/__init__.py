"""What people call from Python: prices in, forecasts and backtests out as objects."""
