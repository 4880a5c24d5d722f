"""The end of the ledger, noted beside it: rows that were there and are gone are missed at once."""

from __future__ import annotations

import json

from volcast.pipeline.errors import LedgerError
from volcast.pipeline.files import write_text
from volcast.pipeline.home import Home
from volcast.pipeline.ledger.chain import Head
from volcast.pipeline.ledger.ledger import Ledger


def note_head(home: Home, head: Head) -> None:
    """Write the ledger's last row down."""
    write_text(home.head, json.dumps({"seq": head.seq, "hash": head.hash}) + "\n")


def check_head(home: Home) -> None:
    """Check that the row noted last is in the ledger still; without a note nothing is checked.

    Raises
    ------
    LedgerError
        The ledger is gone, or an older one lies in its place.
    """
    if not home.head.exists():
        return
    try:
        noted = json.loads(home.head.read_text(encoding="utf-8"))
        number, digest = int(noted["seq"]), str(noted["hash"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LedgerError(f"{home.head} is damaged ({error}); delete it, and run again") from error
    if not home.ledger.exists():
        raise LedgerError(_gone(home, f"is missing, and had {number} rows"))
    with Ledger.to_read(home.ledger) as ledger:
        if not ledger.has(number, digest):
            raise LedgerError(_gone(home, f"lacks row {number}, which was its last"))


def _gone(home: Home, what: str) -> str:
    return (
        f"the ledger {home.ledger} {what}; put back your last copy, or delete {home.head} to begin "
        "with what is there"
    )
