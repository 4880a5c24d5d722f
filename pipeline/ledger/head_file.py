"""The file with the ledger's last row: rows that were lost since are noticed at once."""

from __future__ import annotations

import json
from pathlib import Path

from volcast.pipeline.errors import LedgerError, StorageError
from volcast.pipeline.files import write_text
from volcast.pipeline.home import Home
from volcast.pipeline.ledger.chain import Head
from volcast.pipeline.ledger.ledger import Ledger


def write_head(home: Home, head: Head) -> None:
    """Write head.json, which says what the ledger's last row is.

    Raises
    ------
    StorageError
        The file cannot be written.
    """
    text = json.dumps({"seq": head.seq, "hash": head.hash}) + "\n"
    try:
        write_text(home.head, text)
    except StorageError as error:
        raise StorageError(f"the ledger's last row was not stored: {error}") from error


def check_head(home: Home) -> Head | None:
    """Check that the ledger still has the row of head.json, and return that row.

    Without the file nothing is checked, and None is returned.

    Raises
    ------
    StorageError
        head.json cannot be read, or is damaged.
    LedgerError
        The ledger is missing, or lacks the row.
    """
    if not home.head.exists():
        return None
    head = _read_head(home.head)
    if not home.ledger.exists():
        raise LedgerError(_lost_rows(home, f"is missing; it had {head.seq} rows"))
    with Ledger.to_read(home.ledger) as ledger:
        if not ledger.has_row(head):
            raise LedgerError(_lost_rows(home, f"lacks row {head.seq}, which was its last"))
    return head


def _read_head(path: Path) -> Head:
    try:
        head = json.loads(path.read_text(encoding="utf-8"))
        return Head(int(head["seq"]), str(head["hash"]))
    except OSError as error:
        raise StorageError(
            f"cannot read {path}, which names the ledger's last row: {error.strerror}; check its "
            "permissions"
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise StorageError(
            f"{path}, which names the ledger's last row, is damaged ({error}); delete it and run "
            "again"
        ) from error


def _lost_rows(home: Home, problem: str) -> str:
    return (
        f"the ledger {home.ledger} {problem}; restore your latest backup, or delete {home.head} to "
        "continue with the ledger as it is"
    )
