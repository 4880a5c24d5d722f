"""Market data: one source a file, one shared contract, and the rules of quality."""
