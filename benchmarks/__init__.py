"""Figures of speed and skill, each measured in one run; every script takes `--json FILE`."""
