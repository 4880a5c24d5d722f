"""Reads the tickers that a command is given by name and in a watch-list."""

from __future__ import annotations

import re
from pathlib import Path


def read_tickers(tickers: list[str] | None, file: Path | None) -> list[str]:
    """Return the tickers of the command line and of a watch-list, in upper case, each once.

    Parameters
    ----------
    tickers
        Tickers named on the command line.
    file
        A watch-list: tickers separated by white space, commas or semicolons; # starts a comment.

    Raises
    ------
    ConfigError
        The watch-list cannot be read, or names no ticker.

    Examples
    --------
    >>> read_tickers(["spy", "SPY", "^gspc"], None)
    ['SPY', '^GSPC']
    """
    names = [*(tickers or []), *(_read_watchlist(file) if file is not None else [])]
    return list(dict.fromkeys(name.strip().upper() for name in names if name.strip()))


def _read_watchlist(file: Path) -> list[str]:
    from volcast.pipeline.errors import ConfigError

    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read the watch-list {file}: {error}") from error
    words = [word for line in lines for word in re.split(r"[\s,;]+", line.partition("#")[0])]
    if not any(words):
        raise ConfigError(f"the watch-list {file} names no ticker; write one per line")
    return words
