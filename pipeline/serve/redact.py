"""Paths of the host, taken out of texts that leave it."""

from __future__ import annotations

import re
from pathlib import Path

HOME, ELSEWHERE = "HOME", "PATH"
# An absolute path of two or more parts that is neither the end of an address nor of an HTML tag.
_POSIX = re.compile(r"(?<![\w.:/<])/(?:[\w.+@~-]+/)+[\w.+@~-]*")
_WINDOWS = re.compile(r"(?<![\w])[A-Za-z]:\\[\w.+@~\\-]+")


def redact_paths(text: str, home: Path) -> str:
    """Return a text with the home folder as ``HOME`` and other absolute paths as ``PATH``.

    Examples
    --------
    >>> redact_paths("no /srv/state/ledger.db; see /etc/volcast/a.toml", Path("/srv/state"))
    'no HOME/ledger.db; see PATH'
    """
    shown = text.replace(str(home), HOME)
    return _WINDOWS.sub(ELSEWHERE, _POSIX.sub(ELSEWHERE, shown))
