"""Scores, tests, figures and pages, all from finished tables."""
