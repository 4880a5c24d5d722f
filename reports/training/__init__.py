"""Verdicts on training: curves, gradient flow, and the map of learning rate and batch size."""
