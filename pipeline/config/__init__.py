"""Settings: their declarations, reading them from TOML, and writing them back."""
