"""Which vintage a forecast may use: the newest that ended before the first row it is judged on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

import numpy as np


class Dated(Protocol):
    """A vintage, loaded or not."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def last_target(self) -> np.datetime64:
        """The last session of any target that it has seen."""
        ...


AnyVintage = TypeVar("AnyVintage", bound=Dated)


def choose_vintage(
    vintages: Iterable[AnyVintage], first_untrained: np.datetime64
) -> AnyVintage | None:
    """Return the newest vintage that may be used, or None.

    A vintage may be used if every target that it has seen, those of its validation included, ended
    before the first session whose forecast is not fitted: the first origin of the validation part.
    The errors on the validation part, which decide its weight and the first intervals, are then as
    those on later sessions.

    Parameters
    ----------
    vintages
        In any order.
    first_untrained
        The first origin of the validation part.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> dates = np.array(["2015-12-31", "2017-11-10"], dtype="datetime64[D]")
    >>> old, new = (SimpleNamespace(name=str(d), last_target=d) for d in dates)
    >>> choose_vintage([old, new], np.datetime64("2017-11-13")) is new
    True
    >>> choose_vintage([old, new], np.datetime64("2017-11-10")) is old
    True
    >>> choose_vintage([old, new], np.datetime64("2015-12-31")) is None
    True
    """
    usable = [vintage for vintage in vintages if is_usable(vintage, first_untrained)]
    return max(usable, key=lambda vintage: vintage.last_target, default=None)


def is_usable(vintage: Dated, first_untrained: np.datetime64) -> bool:
    """Return whether all targets that a vintage has seen ended before `first_untrained`."""
    return bool(vintage.last_target < first_untrained)


def check_vintage(vintage: Dated, first_untrained: np.datetime64) -> None:
    """Raise ``ValueError`` unless the vintage may be used (`choose_vintage`)."""
    if not is_usable(vintage, first_untrained):
        raise ValueError(
            f"the pretrained vintage {vintage.name} has seen targets up to {vintage.last_target}; "
            f"a model whose validation begins on {str(first_untrained)[:10]} may only use vintages "
            "that end before that day"
        )
