"""Gradient clipping: bounds on a gradient, against steps that are too large."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from volcast.models.backprop._typing import Float


@dataclass(frozen=True)
class Clipping:
    """A bound `at` on every entry ("value"), on each parameter's norm, or on their joint norm.

    Parameters
    ----------
    by
        "value", "norm" or "global_norm".
    at
        The bound, above 0.

    Raises
    ------
    ValueError
        `by` is another name, or `at` is not above 0.

    Examples
    --------
    >>> Clipping("norm", 1.0).clip([np.array([3.0, 4.0])])[0].tolist()
    [0.6000000000000001, 0.8]
    """

    by: str
    at: float

    def __post_init__(self) -> None:
        if self.by not in _KINDS:
            raise ValueError(f"by must be one of {', '.join(_KINDS)}; got {self.by!r}")
        if not self.at > 0:
            raise ValueError(f"at must be above 0; got {self.at!r}")

    def clip(self, gradients: Sequence[Float]) -> list[Float]:
        """Return the gradients within the bound; smaller ones are unchanged."""
        return _KINDS[self.by](gradients, self.at)


def _by_value(gradients: Sequence[Float], at: float) -> list[Float]:
    return [np.clip(g, -at, at) for g in gradients]


def _by_norm(gradients: Sequence[Float], at: float) -> list[Float]:
    return [g * _factor(float(np.linalg.norm(g)), at) for g in gradients]


def _by_global_norm(gradients: Sequence[Float], at: float) -> list[Float]:
    """Scale all by one factor, which keeps the direction of the step."""
    norm = float(np.sqrt(sum(np.sum(g**2) for g in gradients)))
    return [g * _factor(norm, at) for g in gradients]


def _factor(norm: float, at: float) -> float:
    return at / norm if norm > at else 1.0


_KINDS: dict[str, Callable[[Sequence[Float], float], list[Float]]] = {
    "value": _by_value,
    "norm": _by_norm,
    "global_norm": _by_global_norm,
}
