"""The look-ahead test of a run: bars after an origin are removed, and the past is compared."""
