"""What watches a running job: drift of inputs and losses, coverage, clips, fresh prices, alerts."""
