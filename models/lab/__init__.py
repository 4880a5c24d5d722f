"""The optimisation lab: experiments small enough to check by hand, a file each, giving tables."""
