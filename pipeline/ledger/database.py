"""The ledger's file: opened, its errors in words, and written in one transaction at a time."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from volcast.pipeline.errors import LedgerError
from volcast.pipeline.files import write_file
from volcast.pipeline.ledger.schema import FORMAT, STATEMENTS

PATIENCE = 30.0  # seconds that a writer waits for another
STRICT_TABLES = (3, 37, 0)  # the first SQLite that checks the type of every value
# SQLite's primary result codes, https://www.sqlite.org/rescode.html
REASONS = {
    sqlite3.SQLITE_FULL: "the disk is full; make room and run again, nothing was half written",
    sqlite3.SQLITE_BUSY: f"another process has held it for {PATIENCE:.0f} s; wait for it or end it",
    sqlite3.SQLITE_LOCKED: "another process holds it; wait for it, or end it",
    sqlite3.SQLITE_READONLY: "it is read-only; give yourself the right to write it",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened; check the folder and your rights",
    sqlite3.SQLITE_IOERR: "the disk does not answer or is full; mend that and run again",
    sqlite3.SQLITE_CORRUPT: "the file is damaged; put back your last copy of it",
    sqlite3.SQLITE_NOTADB: "the file is no ledger, or its beginning is damaged; put back your copy",
}
PRIMARY = 0xFF  # the lowest byte of an extended result code


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what SQLite says into one ``LedgerError`` that names the file and the remedy."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", None)
        reason = REASONS.get(code & PRIMARY) if code is not None else None
        raise LedgerError(f"the ledger {path}: {reason or error}") from error


def open_to_write(path: Path) -> sqlite3.Connection:
    """Return a connection that commits durably; the file is made, whole or not at all, if missing.

    Raises
    ------
    LedgerError
        The file is damaged, of another format, or cannot be written.
    """
    _check_sqlite()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_name(f".{path.name}.lock"), timeout=PATIENCE):
            return _opened(path)
    except Timeout as error:
        raise LedgerError(f"the ledger {path}: {REASONS[sqlite3.SQLITE_BUSY]}") from error
    except OSError as error:
        raise LedgerError(f"cannot write the ledger {path}: {error.strerror}") from error


def open_to_read(path: Path) -> sqlite3.Connection:
    """Return a connection that cannot write.

    Raises
    ------
    LedgerError
        There is no ledger, or it is damaged or of another format.
    """
    _check_sqlite()
    if not path.is_file():
        raise LedgerError(
            f"there is no ledger at {path}; name its folder with --home, or write its first "
            "forecasts with `volcast retrain`"
        )
    with explained(path):
        uri = f"{path.absolute().as_uri()}?mode=ro"
        connection = sqlite3.connect(uri, uri=True, timeout=PATIENCE, isolation_level=None)
        _check_format(connection, path)
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection, path: Path) -> Iterator[None]:
    """Write all of it or nothing, alone: other writers wait for it."""
    with explained(path):
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:  # a full disk has ended it already
                connection.execute("ROLLBACK")
            raise


def _opened(path: Path) -> sqlite3.Connection:
    if not path.exists():
        _make(path)
    with explained(path):
        connection = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)
        _check_format(connection, path)
        connection.execute("PRAGMA synchronous = FULL")  # a commit survives a power cut
        connection.execute("PRAGMA foreign_keys = ON")
    return connection


def _make(path: Path) -> None:
    """Make an empty ledger beside `path` and put it in place: an empty file is never a new one."""

    def fill(unfinished: Path) -> None:
        unfinished.unlink(missing_ok=True)
        with explained(path), closing(sqlite3.connect(unfinished, isolation_level=None)) as made:
            made.execute("PRAGMA journal_mode = WAL")
            with transaction(made, path):
                for statement in STATEMENTS:
                    made.execute(statement)
                made.execute(f"PRAGMA user_version = {FORMAT}")

    write_file(path, fill)


def _format(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _check_format(connection: sqlite3.Connection, path: Path) -> None:
    found = _format(connection)
    if found == 0:
        raise LedgerError(
            f"{path} is empty or no ledger; if it was one it is damaged: put back your last copy"
        )
    if found != FORMAT:
        raise LedgerError(
            f"the ledger {path} has format {found}, this volcast reads {FORMAT}; "
            "use the volcast that wrote it, or another --home"
        )


def _check_sqlite() -> None:
    if sqlite3.sqlite_version_info < STRICT_TABLES:
        raise LedgerError(
            f"the ledger needs SQLite 3.37 or newer, this Python has {sqlite3.sqlite_version}; "
            "use a newer Python"
        )
