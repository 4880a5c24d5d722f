"""The number of rows to drop before the held-out part, from the horizons of the targets."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from typing import Any

# "target_22", "variance 22", "h22": a number of sessions after a word, or after h alone.
HORIZON_NAME = re.compile(r"(?:.*[_ ])?h?([1-9]\d*)")


def choose_purge(purge: int | None, horizons: Sequence[int] | None, names: Sequence[Any]) -> int:
    """Return `purge`, or else the longest horizon that is known.

    The target of row t ends h sessions later: without a gap of h rows, targets of the last training
    rows contain the days on which the training stops.

    Parameters
    ----------
    purge
        The rows to drop; None to choose.
    horizons
        The sessions of each target, or None.
    names
        The names of the target columns; without `horizons`, they are read from names such as
        "target_22" or "h22", if all of them are of this kind.

    Warns
    -----
    UserWarning
        The horizons are unknown, so that nothing is dropped.

    Examples
    --------
    >>> choose_purge(None, None, ["target_1", "target_22"]), choose_purge(None, [1, 5], [])
    (22, 5)
    """
    if purge is not None:
        return purge
    known = list(horizons) if horizons is not None else _read_horizons(names)
    if known:
        return max(known)
    warnings.warn(
        "the horizons of the targets are unknown, so that no rows are dropped before the held-out "
        "part, whose days targets of the last training rows may contain: set horizons to the "
        "sessions of each target, or purge to a number of rows (0 for targets of one session)",
        UserWarning,
        stacklevel=4,  # this, _split, fit
    )
    return 0


def list_target_names(y: Any) -> list[Any]:
    """Return the names of the columns of `y`; none unless it is a pandas frame or series."""
    if hasattr(y, "columns"):
        return list(y.columns)
    return [y.name] if getattr(y, "name", None) is not None else []


def _read_horizons(names: Sequence[Any]) -> list[int]:
    found = [HORIZON_NAME.fullmatch(name) if isinstance(name, str) else None for name in names]
    return [int(match[1]) for match in found if match] if all(found) else []
