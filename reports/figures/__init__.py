"""Figures, one subject a file: each function draws a finished table on a given Axes."""
