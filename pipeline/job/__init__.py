"""The scheduled job: outcomes, retraining, the gate, forecasts, monitoring and its report."""
