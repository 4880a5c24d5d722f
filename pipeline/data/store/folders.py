"""Where prices are stored: the data folder, and the file name of a ticker in it."""

import os
from pathlib import Path
from urllib.parse import quote, unquote

import platformdirs

DATA_DIR_VARIABLE = "VOLCAST_DATA_DIR"
RESERVED = {"CON", "PRN", "AUX", "NUL"}  # Windows opens a device under these, whatever the suffix


def data_folder(chosen: Path | None = None) -> Path:
    """Return the chosen folder, else that of `DATA_DIR_VARIABLE`, else the user's data folder."""
    named = chosen or os.environ.get(DATA_DIR_VARIABLE)
    return Path(named).expanduser() if named else platformdirs.user_data_path("volcast")


def file_stem(ticker: str) -> str:
    """Return a file name for a ticker; no two share one, on any file system.

    Lower-case letters are written as their codes, because some file systems ignore case.

    Examples
    --------
    >>> file_stem("BRK.B"), file_stem("^GSPC"), file_stem("EURUSD=X"), file_stem("abc")
    ('BRK.B', '^GSPC', 'EURUSD=X', '%61%62%63')
    """
    safe = "".join(_code(c) if c.islower() and c.isascii() else quote(c, safe="^=") for c in ticker)
    if safe.startswith(".") or safe.split(".")[0] in RESERVED:
        safe = _code(safe[0]) + safe[1:]
    return safe


def ticker_from_stem(stem: str) -> str:
    """Return the ticker of a file name; the inverse of `file_stem`.

    Examples
    --------
    >>> ticker_from_stem(file_stem("brk/b"))
    'brk/b'
    """
    return unquote(stem)


def _code(character: str) -> str:
    return f"%{ord(character):02X}"
