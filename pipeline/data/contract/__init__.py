"""The contracts of data sources and network clients, and the bar table they return."""
