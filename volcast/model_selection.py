"""Model selection for forecasts of volatility, in the habits of scikit-learn."""

from volcast.models.regressor.purged_walk_forward import PurgedWalkForward

__all__ = ["PurgedWalkForward"]
