"""Monitoring of the scheduled job: observations, drift and the webhook."""
