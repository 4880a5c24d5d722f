"""Room on the disk that is kept for the forecasts, for the evening on which the disk is full."""

from __future__ import annotations

import shutil

from volcast.pipeline.errors import StorageError
from volcast.pipeline.files import write_file
from volcast.pipeline.home import Home
from volcast.reports.monitoring.alerts import Observation

RESERVE = 32 * 2**20  # bytes: weeks of evenings of a few tickers, several of hundreds


def keep_room(home: Home) -> bool:
    """Set the reserve aside; where the disk is nearly full release it, and return True.

    Training and the models it leaves take room; an evening's forecasts take little, and go out
    into the reserve. It is set aside again when there is twice as much room.
    """
    free = shutil.disk_usage(home.folder).free
    if free < RESERVE:
        home.reserve.unlink(missing_ok=True)
        return True
    if not home.reserve.exists() and free > 2 * RESERVE:
        try:
            write_file(home.reserve, lambda file: file.write_bytes(bytes(RESERVE)))
        except StorageError:  # another process was faster
            return True
    return False


def room(home: Home, short: bool) -> Observation:
    """Return whether the disk is nearly full."""
    free = shutil.disk_usage(home.folder).free / 2**20
    words = f"the disk of {home.folder} has {free:.0f} MiB left: no network is trained; make room"
    return Observation("full disk", str(home.folder), float(short), 0.0, 0.0, words, "error")
