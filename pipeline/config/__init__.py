"""Settings: their declarations, read from TOML files and written back."""
