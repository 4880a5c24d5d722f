"""The one interface of everything that forecasts variance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]

REQUIRED = ("har_1", "har_5", "har_22")  # logs of the daily, weekly and monthly mean variance


@dataclass(frozen=True)
class Sample:
    """What a forecaster may see: a grid of T sessions x N tickers, oldest first.

    Attributes
    ----------
    names : tuple of str, (F,)
        The columns of `x`.
    x : float32 (T, N, F)
        Features; row t uses data up to the close of session t. NaN where unknown.
    optional : bool (F,)
        Features that may be missing in a usable row.
    level : bool (F,)
        Features that are the log of a daily variance.
    horizons : tuple of int, (H,)
        In sessions.
    target : float64 (T, N, H)
        Mean daily variance over t+1 .. t+h; NaN where it is not known, or is no target.
    target_end : datetime64 (T, N, H)
        The session t+h, the first at whose close the target is known.
    variance, log_return : float64 (T, N)
        The variance proxy of session t, and its log return.
    sessions : datetime64 (T,)
    """

    names: tuple[str, ...]
    x: NDArray[np.float32]
    optional: NDArray[np.bool_]
    level: NDArray[np.bool_]
    horizons: tuple[int, ...]
    target: Float
    target_end: NDArray[Any]
    variance: Float
    log_return: Float
    sessions: NDArray[Any]

    def until(self, last: int) -> Sample:
        """Return sessions 0 .. `last`, with the targets that are known at the close of `last`."""
        rows = slice(0, last + 1)
        known = self.target_end[rows] <= self.sessions[last]
        return replace(
            self,
            x=self.x[rows],
            target=np.where(known, self.target[rows], np.nan),
            target_end=self.target_end[rows],
            variance=self.variance[rows],
            log_return=self.log_return[rows],
            sessions=self.sessions[rows],
        )

    def usable(self) -> NDArray[np.bool_]:
        """Return where a forecast can be made, (T, N): all required features are known."""
        return self._usable

    @cached_property
    def _usable(self) -> NDArray[np.bool_]:
        return np.asarray(np.isfinite(self.x[:, :, ~self.optional]).all(axis=2))

    def positions(self, names: tuple[str, ...]) -> NDArray[np.intp]:
        """Return where the named features are in `x`; ``ValueError`` for a missing one."""
        missing = [name for name in names if name not in self.names]
        if missing:
            raise ValueError(
                f"the features {', '.join(missing)} are needed; add them to the selection"
            )
        return np.array([self.names.index(name) for name in names], dtype=np.intp)

    def columns(self, names: tuple[str, ...]) -> NDArray[np.float32]:
        """Return the named features, (T, N, len(names)); ``ValueError`` for a missing one."""
        return self.x[:, :, self.positions(names)]


@dataclass(frozen=True)
class Split:
    """Session positions of one fold's training and validation parts; the test part is not here."""

    train: slice
    validation: slice

    @property
    def both(self) -> slice:
        """Training and validation part, with the purged gap between them."""
        return slice(self.train.start, self.validation.stop)


class Forecaster(Protocol):
    """A model of future variance.

    `fit` sees a sample that ends with the last session known, so that it cannot look ahead;
    `forecast` may use, for the origin t, nothing after session t.
    """

    def fit(self, sample: Sample, split: Split) -> Self:
        """Estimate everything from the sessions of `split`."""
        ...

    def forecast(self, sample: Sample, origins: slice) -> Float:
        """Return the mean daily variance over t+1 .. t+h for each origin t, (n, N, H).

        NaN where the origin is not usable.
        """
        ...


def select_fit_rows(
    sample: Sample, part: slice, known_before: int | None = None
) -> NDArray[np.bool_]:
    """Return which cells (T, N) of `part` can be fitted on: usable, all targets known.

    With `known_before`, a session's position, every target must end before that session. The gap
    that `part` leaves does this for one exchange; a ticker that trades on fewer days than the
    others reaches further.
    """
    inside = np.zeros(len(sample.sessions), dtype=bool)
    inside[part] = True
    known = np.isfinite(sample.target).all(axis=2)
    if known_before is not None:
        known &= (sample.target_end < sample.sessions[known_before]).all(axis=2)
    return inside[:, None] & sample.usable() & known


def mask_unusable(forecast: Float, sample: Sample, origins: slice) -> Float:
    """Return `forecast` (n, N, H) with NaN at origins that are not usable."""
    return np.where(sample.usable()[origins, :, None], forecast, np.nan)


def forecast_usable_rows(
    sample: Sample, origins: slice, predict: Callable[[NDArray[np.float32]], Float]
) -> Float:
    """Return ``predict(x)``, (rows, F) to (rows, H), at the usable origins, (n, N, H), else NaN."""
    usable = sample.usable()[origins]
    variance = np.full((*usable.shape, len(sample.horizons)), np.nan)
    if usable.any():
        variance[usable] = predict(sample.x[origins][usable])
    return variance
