"""Memory that allocators keep: after a large table is deleted it still counts as the process's."""

from __future__ import annotations

import ctypes
import sys


def release_memory() -> None:
    """Return memory that was freed to the operating system, as far as allocators can.

    pyarrow and the C library keep it for the next request otherwise: after a stage of a market of
    thousands of tickers that is gigabytes. The C library is asked on Linux only.
    """
    if "pyarrow" in sys.modules:
        sys.modules["pyarrow"].default_memory_pool().release_unused()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # not every C library has it
        if trim is not None:
            trim(0)
