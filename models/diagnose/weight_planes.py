"""Planes through the space of a network's weights: random ones, and one fitted to a path."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from volcast.models.engine.stacked_network import Architecture, flatten_weights, unflatten_weights

STRAIGHT = 1e-6  # of the first singular value: below it the second direction is rounding error

Float = NDArray[np.float64]


@dataclass(frozen=True)
class Plane:
    """The points ``centre + x * directions[0] + y * directions[1]``; weights are rows (P,).

    Examples
    --------
    >>> plane = Plane(centre=np.zeros(3), directions=np.eye(3)[:2])
    >>> plane.compute_coordinates(np.array([[1.0, 2.0, 3.0]])).tolist()
    [[1.0, 2.0]]
    >>> plane.compute_distance(np.array([[1.0, 2.0, 3.0]])).tolist()
    [3.0]
    """

    centre: Float
    directions: Float

    def compute_weights(self, coordinates: Float) -> Float:
        """Return the weights (n, P) of coordinates (n, 2)."""
        return np.asarray(self.centre + coordinates @ self.directions)

    def compute_coordinates(self, weights: Float) -> Float:
        """Return the coordinates of the nearest points in the plane, (n, 2), to weights (n, P)."""
        away = (weights - self.centre).T
        return np.asarray(np.linalg.lstsq(self.directions.T, away)[0].T)

    def compute_distance(self, weights: Float) -> Float:
        """Return the distances of weights (n, P) from the plane, (n,)."""
        nearest = self.compute_weights(self.compute_coordinates(weights))
        return np.asarray(np.linalg.norm(weights - nearest, axis=1))

    def compute_share(self, weights: Float) -> float:
        """Return the share of the squared distances from the centre that the plane explains."""
        total = float(((weights - self.centre) ** 2).sum())
        return 1.0 - float((self.compute_distance(weights) ** 2).sum()) / total if total else 1.0


def build_random_plane(centre: Float, architecture: Architecture, seed: int) -> Plane:
    """Return a plane of two random directions, normalised filter by filter.

    The weights into each unit are drawn from a normal distribution and scaled to the norm of the
    unit's own weights, so that a distance of 1 means the same for every unit, however its weights
    are scaled; biases stay fixed (Li et al. 2018, Visualizing the Loss Landscape of Neural Nets,
    section 4).
    """
    drawn = np.random.default_rng(seed).normal(size=(2, len(centre))).astype(np.float32)
    directions = unflatten_weights(drawn, architecture)
    weights = unflatten_weights(centre[None].astype(np.float32), architecture)
    for kernel, own in zip(directions[::2], weights[::2], strict=True):
        kernel *= _compute_norms(own) / _compute_norms(kernel)
    for bias in directions[1::2]:
        bias[:] = 0.0
    return Plane(centre, flatten_weights(directions).astype(np.float64))


def fit_path_plane(centre: Float, path: Float, seed: int) -> Plane:
    """Return the plane through `centre` that is closest to a path (n, P) of weights.

    Its directions are the first two principal components of the path relative to the centre, of
    length 1, with the signs for which the path starts at negative coordinates. The second
    direction of a straight path is random.
    """
    _, sizes, directions = np.linalg.svd(path - centre, full_matrices=False)
    first, second = directions[0], directions[min(1, len(directions) - 1)]
    if len(sizes) < 2 or sizes[1] <= STRAIGHT * sizes[0]:
        second = np.random.default_rng(seed).normal(size=len(centre))
        second -= (second @ first) * first
        second /= np.linalg.norm(second)
    pair = np.stack([first, second])
    start = pair @ (path[0] - centre)
    return Plane(centre, np.where(start > 0, -1.0, 1.0)[:, None] * pair)


def _compute_norms(kernel: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the norm of the weights into each unit, (networks, 1, units)."""
    return np.asarray(np.linalg.norm(kernel, axis=1, keepdims=True))
