"""Baseline forecasters: naive, EWMA, HAR, GARCH and gradient-boosted trees; one model per file."""
