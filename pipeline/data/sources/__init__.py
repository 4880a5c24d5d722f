"""Data sources: the catalogue and one file per source."""
