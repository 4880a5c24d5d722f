"""Computing the next part of a table while the one before is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def compute_ahead(items: Iterable[T]) -> Iterator[T]:
    """Yield items while a thread computes the next one; two are held at a time.

    Examples
    --------
    >>> list(compute_ahead(n * n for n in range(4)))
    [0, 1, 4, 9]
    """
    iterator, end = iter(items), object()
    with ThreadPoolExecutor(1) as pool:
        following = pool.submit(next, iterator, end)
        while (item := following.result()) is not end:
            following = pool.submit(next, iterator, end)
            yield item  # type: ignore[misc]
            del item
