"""Monitoring of the job: drift of inputs and losses, coverage, clips, freshness, alerts."""
