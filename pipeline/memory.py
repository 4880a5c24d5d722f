"""Memory that allocators keep: after a large table is deleted it still counts as the process's."""

from __future__ import annotations

import ctypes
import sys

M_ARENA_MAX = -8  # of <malloc.h>
ARENAS = 2


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


def limit_arenas() -> None:
    """Let the threads of the process share two heaps of the C library on Linux.

    It gives every thread a heap of its own otherwise, and TensorFlow has many threads: of large
    runs 0.4 GB stay in heaps that are nearly empty, and cannot be returned. Call it before threads
    allocate.
    """
    if sys.platform == "linux":
        set_option = getattr(ctypes.CDLL(None), "mallopt", None)
        if set_option is not None:
            set_option(M_ARENA_MAX, ARENAS)
