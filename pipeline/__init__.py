"""Configuration, data, splits, stages, command line: the only package that does I/O."""
