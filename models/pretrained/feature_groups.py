"""Groups of features that are known or unknown together, such as those of earnings reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class FeatureGroup:
    """Features that a ticker has all of or none of.

    An index has no report dates and often no volume; a ticker alone has no market. A network that
    was never shown such rows takes the mean of the market for the truth.

    Parameters
    ----------
    name
        Such as "reports".
    features
        The names of its features.

    Examples
    --------
    >>> FeatureGroup("volume", ("volume_change", "volume_deviation_22")).name
    'volume'
    """

    name: str
    features: tuple[str, ...]

    def find_columns(self, features: Sequence[str]) -> NDArray[np.intp]:
        """Return the positions of its features among `features`."""
        return np.array([features.index(name) for name in self.features], dtype=np.intp)


def add_indicators(
    x: NDArray[np.float32], features: Sequence[str], groups: Sequence[FeatureGroup]
) -> NDArray[np.float32]:
    """Return rows x (n, F) with a column for each group: 1 where all its features are unknown.

    Examples
    --------
    >>> x = np.array([[1.0, np.nan], [2.0, 3.0]], dtype=np.float32)
    >>> add_indicators(x, ["z", "volume"], [FeatureGroup("volume", ("volume",))])[:, 2].tolist()
    [1.0, 0.0]
    """
    unknown = [np.isnan(x[:, group.find_columns(features)]).all(axis=1) for group in groups]
    return np.column_stack([x, *unknown]).astype(np.float32, copy=False)


def mask_groups(
    x: NDArray[np.float32],
    features: Sequence[str],
    groups: Sequence[FeatureGroup],
    rng: np.random.Generator,
    *,
    share: float,
    share_of_all: float,
) -> None:
    """Make groups unknown at random in rows x (n, F), which is changed in place.

    Each group is unknown in a `share` of the rows, independently of the others, and all of them
    together in a further `share_of_all`.
    """
    without_any = rng.random(len(x)) < share_of_all
    for group in groups:
        masked = without_any | (rng.random(len(x)) < share)
        x[np.ix_(masked, group.find_columns(features))] = np.nan
