"""Forecasters of daily variance: the Keras regressor, its training engine, and the baselines."""
