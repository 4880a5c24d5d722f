"""The ledger's file: opening it, explaining its errors, and one transaction at a time."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from volcast.pipeline.errors import LedgerError, StorageError
from volcast.pipeline.files import write_file
from volcast.pipeline.ledger.schema import Schema
from volcast.pipeline.ledger.upgrade import (
    add_missing_columns,
    find_changed_statement,
    read_format,
    upgrade_tables,
)

LOCK_TIMEOUT = 30.0  # seconds that a writer waits for another
STRICT_TABLES = (3, 37, 0)  # the first SQLite that checks the type of every value
BUSY = f"another process has been using it for {LOCK_TIMEOUT:.0f} s; wait for it or end it"
# SQLite's primary result codes, https://www.sqlite.org/rescode.html
STORAGE_FAILURES = {
    sqlite3.SQLITE_FULL: "the disk is full; free some space and run again; nothing was partly "
    "written",
    sqlite3.SQLITE_BUSY: BUSY,
    sqlite3.SQLITE_LOCKED: "another process has locked it; wait for it or end it",
    sqlite3.SQLITE_READONLY: "it is read-only; change its permissions",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened; check the folder and its permissions",
    sqlite3.SQLITE_IOERR: "the disk does not respond or is full; fix that and run again",
}
DAMAGE = {
    sqlite3.SQLITE_CORRUPT: "the file is damaged; restore your latest backup",
    sqlite3.SQLITE_NOTADB: "the file is not a ledger, or its beginning is damaged; restore your "
    "latest backup",
}
PRIMARY = 0xFF  # the lowest byte of an extended result code


@contextmanager
def explain_errors(path: Path) -> Iterator[None]:
    """Turn what SQLite reports into one line that names the file and the remedy.

    Raises
    ------
    StorageError
        The disk is full, or the file is in use or cannot be read or written.
    LedgerError
        The file is damaged, or breaks a rule of its tables.
    """
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", None)
        primary = None if code is None else code & PRIMARY
        if primary in STORAGE_FAILURES:
            failure = STORAGE_FAILURES[primary]
            raise StorageError(f"cannot access the ledger {path}: {failure}") from error
        reason = DAMAGE.get(primary, str(error)) if primary is not None else str(error)
        raise LedgerError(f"the ledger {path}: {reason}") from error


def open_to_write(path: Path, schema: Schema) -> sqlite3.Connection:
    """Return a connection that commits durably; a missing file is created with its tables.

    A ledger of an earlier format is upgraded first.

    Raises
    ------
    StorageError
        The file cannot be written, or another process is using it.
    LedgerError
        The file is damaged, of a later format, or was tampered with before its upgrade.
    """
    _check_sqlite()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_name(f".{path.name}.lock"), timeout=LOCK_TIMEOUT):
            return _open_upgraded(path, schema)
    except Timeout as error:
        raise StorageError(f"cannot write the ledger {path}: {BUSY}") from error
    except OSError as error:
        raise StorageError(
            f"cannot write the ledger {path}: {error.strerror}; check the folder, or choose "
            "another --home"
        ) from error


def open_to_read(path: Path, schema: Schema, *, at_rest: bool = False) -> sqlite3.Connection:
    """Return a connection that cannot write; columns that an earlier format lacks are NULL.

    Parameters
    ----------
    path, schema
        The file, and the format in which it is read.
    at_rest
        Read a file that nobody is writing to (`is_at_rest`), without SQLite's files beside it: on
        a full disk or in a folder that cannot be written they cannot be created. Close such a
        connection soon, for it does not see what is written later.

    Raises
    ------
    LedgerError
        There is no ledger, or it is damaged or of a later format.
    """
    _check_sqlite()
    if not path.is_file():
        raise LedgerError(
            f"there is no ledger at {path}; name its folder with --home, or write the first "
            "forecasts with `volcast retrain`"
        )
    with explain_errors(path):
        uri = f"{path.absolute().as_uri()}?mode=ro{'&immutable=1' if at_rest else ''}"
        connection = sqlite3.connect(uri, uri=True, timeout=LOCK_TIMEOUT, isolation_level=None)
        # SQLite may have been built without its mathematical functions.
        connection.create_function("ln", 1, _log_positive, deterministic=True)
        if _check_format(connection, path, schema) < schema.format:
            add_missing_columns(connection, schema)
    return connection


def _log_positive(x: float | None) -> float | None:
    """Return the natural logarithm; NULL where SQLite's own has none."""
    return math.log(x) if x is not None and x > 0 else None


def is_at_rest(path: Path) -> bool:
    """Return whether all that was written is in the ledger's file itself, and nobody writes."""
    log = path.with_name(f"{path.name}-wal")
    return not log.exists() or log.stat().st_size == 0


@contextmanager
def transaction(connection: sqlite3.Connection, path: Path) -> Iterator[None]:
    """Write everything or nothing; other writers wait until it has ended."""
    with explain_errors(path):
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:  # a full disk has ended it already
                connection.execute("ROLLBACK")
            raise


def _open_upgraded(path: Path, schema: Schema) -> sqlite3.Connection:
    if not path.exists():
        _create(path, schema)
    with explain_errors(path):
        connection = sqlite3.connect(path, timeout=LOCK_TIMEOUT, isolation_level=None)
        connection.execute("PRAGMA synchronous = FULL")  # a commit survives a power cut
        if _check_format(connection, path, schema) < schema.format:
            _upgrade(connection, path, schema)
        connection.execute("PRAGMA foreign_keys = ON")
    return connection


def _create(path: Path, schema: Schema) -> None:
    """Make an empty ledger under another name and rename it: an empty file is never a new one."""

    def fill(unfinished: Path) -> None:
        unfinished.unlink(missing_ok=True)
        with (
            explain_errors(path),
            closing(sqlite3.connect(unfinished, isolation_level=None)) as new,
        ):
            new.execute("PRAGMA journal_mode = WAL")
            with transaction(new, path):
                for statement in schema.statements:
                    new.execute(statement)
                new.execute(f"PRAGMA user_version = {schema.format}")

    write_file(path, fill)


def _upgrade(connection: sqlite3.Connection, path: Path, schema: Schema) -> None:
    with transaction(connection, path):
        found = read_format(connection)
        if found >= schema.format:  # another process was faster
            return
        changed = find_changed_statement(connection, schema.at_format(found).statements)
        if changed is not None:
            raise LedgerError(
                f"the ledger {path} was tampered with ({changed} ... differs from its definition) "
                "and is not upgraded; restore your latest backup"
            )
        upgrade_tables(connection, schema)


def _check_format(connection: sqlite3.Connection, path: Path, schema: Schema) -> int:
    found = read_format(connection)
    if found == 0:
        raise LedgerError(
            f"{path} is empty or not a ledger; if it was one, it is damaged: restore your latest "
            "backup"
        )
    if found > schema.format:
        raise LedgerError(
            f"the ledger {path} has format {found}, but this version of volcast reads formats up "
            f"to {schema.format}; update volcast (pip install --upgrade volcast), or choose "
            "another --home"
        )
    return found


def _check_sqlite() -> None:
    if sqlite3.sqlite_version_info < STRICT_TABLES:
        raise LedgerError(
            f"the ledger needs SQLite 3.37 or later, but this Python has {sqlite3.sqlite_version}; "
            "use a newer Python"
        )
