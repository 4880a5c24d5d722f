"""A reserve of disk space for the forecasts, released when the disk is nearly full."""

from __future__ import annotations

import shutil

from volcast.pipeline.errors import StorageError
from volcast.pipeline.files import write_file
from volcast.pipeline.home import Home
from volcast.reports.monitoring.alerts import Observation

RESERVE_BYTES = 32 * 2**20  # weeks of daily runs for a few tickers, several for hundreds
MEBIBYTE = 2**20


def update_reserve(home: Home) -> bool:
    """Create the reserve file, or delete it if the disk is nearly full.

    Training and storing models take much space, forecasts little: they are written into the space
    that the reserve gives back. The reserve is created again when twice its size is free.

    Returns
    -------
    bool
        Whether the disk is nearly full, so that nothing but forecasts should be written.
    """
    free = shutil.disk_usage(home.folder).free
    if free < RESERVE_BYTES:
        home.reserve.unlink(missing_ok=True)
        return True
    if not home.reserve.exists() and free > 2 * RESERVE_BYTES:
        try:
            write_file(home.reserve, lambda file: file.write_bytes(bytes(RESERVE_BYTES)))
        except StorageError:  # another process used the space in between
            return True
    return False


def observe_disk_space(home: Home, *, nearly_full: bool) -> Observation:
    """Return the observation behind the alert of a full disk, with the space that is left."""
    free = shutil.disk_usage(home.folder).free / MEBIBYTE
    message = (
        f"the disk of {home.folder} has {free:.0f} MiB left, so no network is trained; "
        "free some space"
    )
    subject = str(home.folder)
    return Observation("full disk", subject, float(nearly_full), 0.0, 0.0, message, "error")
