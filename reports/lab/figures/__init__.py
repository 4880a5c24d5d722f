"""Drawings of the lab; each takes finished tables and an Axes."""
