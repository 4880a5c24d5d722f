"""Configuration, data, splits, stages, command line: the one package that sees the outside."""
