"""Training diagnostics: each file measures one property of a training and returns tables."""
