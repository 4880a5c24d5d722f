"""The lock of a ticker's stored file, which all processes respect."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from volcast.pipeline.data.store.folders import file_stem
from volcast.pipeline.errors import DataError

LOCK_TIMEOUT = 900.0  # seconds; longer than the requests for one ticker take, pauses included


@contextmanager
def lock_ticker(folder: Path, ticker: str, timeout: float = LOCK_TIMEOUT) -> Iterator[None]:
    """Hold a ticker's lock in the folder of a store; it is also freed if the process dies.

    Raises
    ------
    DataError
        Another process has held it for ``timeout`` seconds.
    """
    file = folder / ".locks" / f"{file_stem(ticker)}.lock"
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(file, timeout=timeout):
            yield
    except Timeout as error:
        raise DataError(
            f"{ticker} has been locked by another process for {timeout:.0f} s; "
            "wait for that process, or end it"
        ) from error
