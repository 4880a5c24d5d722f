"""The ledger, read by several threads: one connection a thread, none of which can write."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from volcast.pipeline.errors import StorageError
from volcast.pipeline.ledger.chain import Head, read_head
from volcast.pipeline.ledger.database import explain_errors, is_at_rest, open_to_read
from volcast.pipeline.ledger.schema import SCHEMA
from volcast.pipeline.ledger.upgrade import read_format


@dataclass(frozen=True)
class OpenLedger:
    """A connection, and which file in which format it was opened on."""

    connection: sqlite3.Connection
    file: tuple[int, int]
    format: int


class LedgerReader:
    """Reads the ledger of a home; a file that was replaced or upgraded is opened again.

    Nothing of pandas is imported, so that the server starts at once. On a full disk, or in a folder
    that cannot be written, a ledger that nobody is writing to is read all the same.

    Parameters
    ----------
    path
        The ledger's file, which need not exist yet.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """Yield this thread's connection, on which every query sees the same state of the file.

        Raises
        ------
        LedgerError
            There is no ledger, or it is damaged or of a later format.
        StorageError
            The file cannot be read.
        """
        opened: OpenLedger | None = getattr(self._local, "opened", None)
        if opened is not None and opened.connection.in_transaction:
            yield opened.connection  # of a caller further up, on the same state of the file
            return
        try:
            connection = self._open()
        except StorageError:
            if not is_at_rest(self.path):
                raise
            with closing(open_to_read(self.path, SCHEMA, at_rest=True)) as unchanging:
                yield unchanging
            return
        with explain_errors(self.path):
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                connection.execute("ROLLBACK")

    def head(self) -> Head:
        """Return number and hash of the last row; the errors are those of `snapshot`."""
        with self.snapshot() as connection:
            return read_head(connection)

    def _open(self) -> sqlite3.Connection:
        opened: OpenLedger | None = getattr(self._local, "opened", None)
        if opened is not None and self._is_current(opened):
            return opened.connection
        if opened is not None:
            opened.connection.close()
            self._local.opened = None
        connection = open_to_read(self.path, SCHEMA)
        with explain_errors(self.path):
            self._local.opened = OpenLedger(connection, self._identify(), read_format(connection))
        return connection

    def _is_current(self, opened: OpenLedger) -> bool:
        with explain_errors(self.path):
            return (
                self.path.exists()
                and opened.file == self._identify()
                and opened.format == read_format(opened.connection)
            )

    def _identify(self) -> tuple[int, int]:
        status = self.path.stat()
        return status.st_dev, status.st_ino
