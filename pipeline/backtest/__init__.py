"""The walk-forward backtest: splits, fits, evaluation and the run folder that holds the results."""
