"""Updating the store from a network client: planning, rate limiting and retries."""
