"""Training diagnostics: the catalogue that pairs each measurement with its report section."""
