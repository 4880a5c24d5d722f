"""Tasks on the store: status tables and importing files."""
