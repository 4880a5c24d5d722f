"""Results that are kept until what they were computed from has changed."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

Result = TypeVar("Result")
MAXIMUM_ENTRIES = 128


class Memo:
    """Keeps the results of the newest calls; a result is computed once, whoever asks meanwhile.

    Examples
    --------
    >>> memo = Memo()
    >>> memo.get("double", 3, lambda: 6), memo.get("double", 3, lambda: 7)
    (6, 6)
    """

    def __init__(self, maximum: int = MAXIMUM_ENTRIES) -> None:
        self._maximum = maximum
        self._lock = threading.Lock()
        self._results: OrderedDict[Hashable, tuple[Hashable, Any]] = OrderedDict()
        self._working: dict[Hashable, threading.Lock] = {}

    def get(self, key: Hashable, version: Hashable, compute: Callable[[], Result]) -> Result:
        """Return the result of `compute`, or that of an earlier call for this key and version."""
        with self._lock:
            working = self._working.setdefault(key, threading.Lock())
        with working:
            kept = self._read(key, version)
            if kept is None:
                kept = (version, compute())
                self._keep(key, kept)
        result: Result = kept[1]
        return result

    def _read(self, key: Hashable, version: Hashable) -> tuple[Hashable, Any] | None:
        with self._lock:
            kept = self._results.get(key)
            if kept is None or kept[0] != version:
                return None
            self._results.move_to_end(key)
            return kept

    def _keep(self, key: Hashable, entry: tuple[Hashable, Any]) -> None:
        with self._lock:
            self._results[key] = entry
            self._results.move_to_end(key)
            while len(self._results) > self._maximum:
                oldest, _ = self._results.popitem(last=False)
                self._working.pop(oldest, None)
