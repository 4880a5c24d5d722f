"""The page of an evening, a section a file, and the index of all evenings; nothing is written."""
