"""Files: atomic writes, tables, hashes and the lock of a folder."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from volcast.pipeline.errors import StorageError

if TYPE_CHECKING:
    import pandas as pd

LOCK = ".lock"
UNFINISHED = ".unfinished"  # suffix of a file that is being written
HASH_BLOCK = 2**20  # bytes
DISCARDED = ".discarded"  # suffix of a folder that is being replaced


def write_file(path: Path, write: Callable[[Path], Any]) -> None:
    """Call `write` with a temporary path next to `path`, flush the file, and rename it to `path`.

    A reader sees the old file or the new one, never part of one. On failure the old file stays and
    the temporary one is removed.

    Parameters
    ----------
    path
        The file to create or replace; its folder must exist.
    write
        Called with the temporary path; creates the file there.

    Raises
    ------
    StorageError
        The disk is full, or the file cannot be written.
    """
    unfinished = path.with_name(f".{path.name}{UNFINISHED}")
    try:
        write(unfinished)
        _flush(unfinished)
        unfinished.replace(path)
    except OSError as error:
        raise _cannot_write(path, error) from error
    finally:
        unfinished.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write `text` atomically as UTF-8; see `write_file`."""
    write_file(path, lambda unfinished: unfinished.write_text(text, encoding="utf-8"))


def write_frame(path: Path, frame: pd.DataFrame) -> None:
    """Write `frame` atomically as Parquet or CSV, by the suffix; equal frames give equal bytes."""
    if path.suffix == ".parquet":
        write_file(path, lambda unfinished: frame.to_parquet(unfinished, index=False))
    else:
        write_file(path, lambda unfinished: frame.to_csv(unfinished, index=False))


def write_folder(path: Path, write: Callable[[Path], Any]) -> None:
    """Call `write` with an empty temporary folder next to `path`, then rename it to `path`.

    See `write_file`.
    """
    unfinished = path.with_name(f".{path.name}{UNFINISHED}")
    discarded = path.with_name(f".{path.name}{DISCARDED}")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    try:
        write(unfinished)
        for file in unfinished.rglob("*"):
            _flush(file)
        # Moved away first: a half-deleted folder must not pass for a finished one.
        shutil.rmtree(discarded, ignore_errors=True)
        if path.exists():
            path.replace(discarded)
        unfinished.replace(path)
    except OSError as error:
        raise _cannot_write(path, error) from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.rmtree(discarded, ignore_errors=True)


def read_frame(path: Path, **options: Any) -> pd.DataFrame:
    """Return the Parquet, Arrow or CSV table at `path`; `options` are those of the pandas reader.

    Raises
    ------
    StorageError
        The file is missing or damaged.
    """
    import pandas as pd  # half a second, which whoever only locks a folder need not wait for

    try:
        if path.suffix == ".parquet":
            return pd.DataFrame(pd.read_parquet(path, **options))
        if path.suffix == ".arrow":
            return pd.DataFrame(pd.read_feather(path, **options))
        return pd.DataFrame(pd.read_csv(path, **options))
    except FileNotFoundError as error:
        raise StorageError(f"{path} is missing; check the path") from error
    except (OSError, ValueError) as error:
        raise StorageError(f"{path} is damaged ({error}); delete it and run again") from error


def hash_path(path: Path) -> str | None:
    """Return the SHA-256 of a file, or of a folder's file names and contents; None if missing."""
    if not path.exists():
        return None
    hasher = hashlib.sha256()
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    for file in files:
        if file.is_file() and not file.name.endswith(UNFINISHED):
            hasher.update(file.relative_to(path).as_posix().encode())
            with file.open("rb") as content:
                while block := content.read(HASH_BLOCK):
                    hasher.update(block)
    return hasher.hexdigest()


def hash_value(value: Any) -> str:
    """Return the SHA-256 of a JSON-serialisable value.

    Examples
    --------
    >>> hash_value({"b": 1, "a": 2}) == hash_value({"a": 2, "b": 1})
    True
    """
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


@contextmanager
def lock_folder(folder: Path) -> Iterator[Path]:
    """Create the folder if needed and hold its lock, which is also freed if the process dies.

    Raises
    ------
    StorageError
        Another process is using the folder, or it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / LOCK, timeout=0)
        lock.acquire()
    except Timeout as error:
        raise StorageError(
            f"{folder} is in use by another volcast process; wait for it, or choose another folder"
        ) from error
    except OSError as error:
        raise StorageError(
            f"cannot write to {folder}: {error.strerror}; choose another folder"
        ) from error
    try:
        yield folder
    finally:
        lock.release()


def _cannot_write(path: Path, error: OSError) -> StorageError:
    reason = os.strerror(error.errno) if error.errno else str(error)
    return StorageError(f"cannot write {path}: {reason}; fix that, and run again to continue")


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
