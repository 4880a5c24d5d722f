"""From data sources to the panel of features and targets."""
