"""Scoring, inference, figures and documents, all from finished tables."""
