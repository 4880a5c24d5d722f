"""Parameters of tests of which a few are enough for the quick suite."""

from collections.abc import Iterable
from typing import Any

import pytest


def mark_slow(values: Iterable[Any], *, but: Iterable[Any] = ()) -> list[Any]:
    """Return parameters that are tested by `make test-slow` only, all but some of them."""
    quick = list(but)
    marks = pytest.mark.slow
    return [each if each in quick else pytest.param(each, marks=marks) for each in values]
