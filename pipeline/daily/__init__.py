"""The daily cycle: outcomes in, retraining when due, the gate, forecasts out, alerts, a report."""
