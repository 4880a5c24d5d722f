"""The run folder: atomic writes, hashes, the lock and the manifest."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
from filelock import FileLock, Timeout

from pipeline.errors import RunFolderError

MANIFEST = "manifest.json"
CONFIG = "config.toml"
BARS = "bars.parquet"
QUALITY = "quality.csv"
FEATURES = "features.parquet"
MODEL = "model"
HISTORY = "history.csv"
FORECASTS = "forecasts.parquet"
SCORES = "scores.csv"
STEPS = "steps.csv"
DIAGNOSIS = "diagnosis"
PAGES = "pages"
RISK = "risk.csv"
REPORT_HTML = "report.html"
REPORT_MD = "report.md"
LOCK = ".lock"
RECORDED = {"key", "inputs", "source", "outputs", "seconds", "summary"}  # of each stage
UNFINISHED = ".unfinished"  # the suffix of what is still being written
DISCARDED = ".discarded"  # and of what it took the place of


def write(path: Path, make: Callable[[Path], Any]) -> None:
    """Let `make` write a temporary file beside `path`, flush it to disk, and put it in place.

    A reader sees the old file or the new one, never a part. On failure nothing is left behind.

    Raises
    ------
    RunFolderError
        The disk is full, or the file cannot be written.
    """
    unfinished = path.with_name(f".{path.name}{UNFINISHED}")
    try:
        make(unfinished)
        _flush(unfinished)
        unfinished.replace(path)
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        unfinished.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write `text` atomically, in UTF-8."""
    write(path, lambda unfinished: unfinished.write_text(text, encoding="utf-8"))


def write_frame(path: Path, frame: pd.DataFrame) -> None:
    """Write `frame` atomically as Parquet or CSV, by the suffix; equal frames give equal bytes."""
    if path.suffix == ".parquet":
        write(path, lambda unfinished: frame.to_parquet(unfinished, index=False))
    else:
        write(path, lambda unfinished: frame.to_csv(unfinished, index=False))


def write_folder(path: Path, make: Callable[[Path], Any]) -> None:
    """Let `make` fill a temporary folder beside `path`, then put it in place; see `write`."""
    unfinished = path.with_name(f".{path.name}{UNFINISHED}")
    discarded = path.with_name(f".{path.name}{DISCARDED}")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    try:
        make(unfinished)
        for file in unfinished.rglob("*"):
            _flush(file)
        # Moved away first: a folder half deleted must not pass for a finished one.
        shutil.rmtree(discarded, ignore_errors=True)
        if path.exists():
            path.replace(discarded)
        unfinished.replace(path)
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.rmtree(discarded, ignore_errors=True)


def read_frame(path: Path, **options: Any) -> pd.DataFrame:
    """Return the Parquet or CSV table at `path`.

    Raises
    ------
    RunFolderError
        It is missing or damaged; the message says which stage makes it again.
    """
    try:
        if path.suffix == ".parquet":
            return pd.DataFrame(pd.read_parquet(path, **options))
        return pd.DataFrame(pd.read_csv(path, **options))
    except FileNotFoundError as error:
        raise RunFolderError(
            f"{path} is missing; run the stage before, or `volcast run`"
        ) from error
    except (OSError, ValueError) as error:
        raise RunFolderError(f"{path} is damaged ({error}); delete it and run again") from error


def digest(path: Path) -> str | None:
    """Return the SHA-256 of a file, or of a folder's files and names; None if missing."""
    if not path.exists():
        return None
    hasher = hashlib.sha256()
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    for file in files:
        if file.is_file() and not file.name.endswith(UNFINISHED):
            hasher.update(file.relative_to(path).as_posix().encode())
            hasher.update(file.read_bytes())
    return hasher.hexdigest()


def digest_of(value: Any) -> str:
    """Return the SHA-256 of a value that JSON can hold."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a run folder; an empty one where there is none yet.

    Raises
    ------
    RunFolderError
        The file is damaged.
    """
    path = folder / MANIFEST
    if not path.exists():
        return {"stages": {}}
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        whole = all(record.keys() >= RECORDED for record in manifest["stages"].values())
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        whole = False
    if not whole:
        raise RunFolderError(f"{path} is damaged; delete it, and `volcast run` again")
    return dict(manifest)


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """Write the manifest atomically."""
    write_text(folder / MANIFEST, json.dumps(manifest, indent=1, sort_keys=True) + "\n")


def failures(manifest: dict[str, Any]) -> dict[str, str]:
    """Return the reason for each ticker that a stage left out."""
    summaries = [stage["summary"] for stage in manifest["stages"].values()]
    return {t: why for each in summaries for t, why in each.get("failures", {}).items()}


@contextmanager
def locked(folder: Path) -> Iterator[Path]:
    """Make the folder if needed and hold its lock; it is freed also when the process dies.

    Raises
    ------
    RunFolderError
        Another process works in it, or it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / LOCK, timeout=0)
        lock.acquire()
    except Timeout as error:
        raise RunFolderError(
            f"{folder} is in use by another volcast process; wait for it, or choose another folder"
        ) from error
    except OSError as error:
        raise RunFolderError(
            f"cannot write to {folder}: {error.strerror}; choose another folder"
        ) from error
    try:
        yield folder
    finally:
        lock.release()


def _unwritable(path: Path, error: OSError) -> RunFolderError:
    reason = os.strerror(error.errno) if error.errno else str(error)
    return RunFolderError(f"cannot write {path}: {reason}; mend that, and run again to go on")


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
