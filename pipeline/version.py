"""The version of the distribution, kept apart so that `volcast --version` imports nothing else."""

__version__ = "0.2.0"
EARLIEST_CLOCK = "2026-01-01"  # UTC; no version was released before, so no clock can be right
