"""The optimisation lab: small experiments that can be checked by hand, one per file."""
