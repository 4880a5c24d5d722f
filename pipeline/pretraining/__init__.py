"""Pretraining: networks trained on a whole market up to a date, for use on other tickers."""
