"""Configuration, data, splits, stages and the command line: the one package that sees the outside."""
