"""The version of the distribution, kept apart so that `volcast --version` imports nothing else."""

__version__ = "0.2.0"
