"""Scheduling: when the next run is due, and what starts it."""
