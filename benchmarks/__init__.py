"""Measurements of speed and skill, run as `python -m benchmarks.NAME [--json FILE]`."""
