"""The command line: one file per group of commands.

The docstring of a command is its help, and the help of its options documents its parameters.
"""
