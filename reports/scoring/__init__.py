"""Scores of forecasts: losses, tests, breakdowns, risk, and the comparison behind promotions."""
