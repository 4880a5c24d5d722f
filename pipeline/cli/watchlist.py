"""The tickers that a command is given: by name, and in a watch-list."""

from __future__ import annotations

import re
from pathlib import Path


def chosen(tickers: list[str] | None, file: Path | None) -> list[str]:
    """Return the tickers named on the command line and in the watch-list, each once."""
    from volcast.pipeline.errors import ConfigError

    names = list(tickers or [])
    if file is not None:
        try:
            lines = file.read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"cannot read the watch-list {file}: {error}") from error
        words = [word for line in lines for word in re.split(r"[\s,;]+", line.partition("#")[0])]
        if not any(words):
            raise ConfigError(f"the watch-list {file} names no ticker; write one on each line")
        names += words
    return list(dict.fromkeys(name.strip().upper() for name in names if name.strip()))
