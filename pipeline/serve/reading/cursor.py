"""Where the next page begins: the key of the last row, as text that callers hand back."""

from __future__ import annotations

import base64
import binascii
import json

MAXIMUM_LENGTH = 600  # characters
LARGEST = 2**63 - 1  # of SQLite's integers
Key = tuple[str | int, ...]


def encode_cursor(table: str, key: Key) -> str:
    """Return the cursor after the row of that key.

    Examples
    --------
    >>> decode_cursor("alerts", encode_cursor("alerts", (7,)), (int,))
    (7,)
    """
    text = json.dumps([table, *key], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(table: str, cursor: str, types: tuple[type, ...]) -> Key:
    """Return the key in a cursor.

    Parameters
    ----------
    table
        The table that is read.
    cursor
        As `encode_cursor` returned it.
    types
        The types of the parts of the key.

    Raises
    ------
    ValueError
        It is not a cursor of this table.
    """
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        values = json.loads(text)
    except (binascii.Error, UnicodeError, ValueError, RecursionError) as error:
        raise ValueError("it was not returned by this server") from error
    if not isinstance(values, list) or values[:1] != [table] or len(values) != len(types) + 1:
        raise ValueError(f"it does not belong to {table}")
    key = tuple(values[1:])
    for value, expected in zip(key, types, strict=True):
        if type(value) is not expected or (isinstance(value, int) and abs(value) > LARGEST):
            raise ValueError("it was altered")
    return key
