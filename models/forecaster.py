"""The interface of all forecasters of variance, and the sample that they see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from volcast.models.outliers import BoundedHistory, bound_history

Float = NDArray[np.float64]

REQUIRED = ("har_1", "har_5", "har_22")  # logs of the daily, weekly and monthly mean variance
# Sessions with a variance, of the last year, from which a ticker is forecast. They are 60 % of a
# quarter, the longest window of the features other than the long-run ones.
SHORTEST_HISTORY = 40
YEAR = 250  # sessions
# The sessions of the features that contain the log of a mean variance.
MEAN_VARIANCE_WINDOWS = {f"har_{window}": window for window in (1, 5, 22, 66, 250)}
MEAN_VARIANCE_WINDOWS["jumpiness_250"] = 250


class FeatureArray(Protocol):
    """Features (T, N, F) that are read like a float32 array, by `[rows]`, `[:, :, positions]`."""

    @property
    def shape(self) -> tuple[int, ...]:
        """T, N and F."""
        ...

    def __getitem__(self, key: Any, /) -> Any:
        """Return what the index of a NumPy array returns; a slice may return an array like it."""
        ...


@runtime_checkable
class FeatureRows(Protocol):
    """Features that are stored as rows, and find those that are known without making an array."""

    def is_finite(self, positions: Sequence[int], /) -> NDArray[np.bool_]:
        """Return the rows (T, N) in which all features at some positions are finite."""
        ...


@dataclass(frozen=True)
class Sample:
    """The data of a forecaster: a grid of T sessions x N tickers, oldest first.

    Attributes
    ----------
    names
        The F names of the features in `x`.
    x
        Features, (T, N, F); row t uses data up to the close of session t. NaN if unknown. An array
        or what is indexed like one: a large panel holds the rows that exist.
    optional
        Whether a feature may be missing in a usable row, (F,).
    long_run
        Whether a feature describes the long run, so that a short history lacks it, (F,).
    level
        Whether a feature is the log of a daily variance, (F,).
    horizons
        The H horizons in sessions.
    target
        Mean daily variance over t+1 .. t+h, (T, N, H), in squared log-return units; NaN if it is
        not known or not valid.
    target_end
        The date of session t+h, (T, N, H), at whose close the target becomes known.
    variance, log_return
        The daily variance proxy and the log return of session t, (T, N).
    sessions
        The dates of the sessions, (T,).
    """

    names: tuple[str, ...]
    x: FeatureArray
    optional: NDArray[np.bool_]
    long_run: NDArray[np.bool_]
    level: NDArray[np.bool_]
    horizons: tuple[int, ...]
    target: Float
    target_end: NDArray[Any]
    variance: Float
    log_return: Float
    sessions: NDArray[Any]
    _whole: Sample | None = field(default=None, init=False, repr=False)  # that this was cut from

    def until(self, last: int) -> Sample:
        """Return sessions 0 .. `last`, with only the targets known at the close of `last`."""
        rows = slice(0, last + 1)
        known = self.target_end[rows] <= self.sessions[last]
        cut = replace(
            self,
            x=self.x[rows],
            target=np.where(known, self.target[rows], np.nan),
            target_end=self.target_end[rows],
            variance=self.variance[rows],
            log_return=self.log_return[rows],
            sessions=self.sessions[rows],
        )
        object.__setattr__(cut, "_whole", self)
        return cut

    def usable(self) -> NDArray[np.bool_]:
        """Return the rows to fit on and to score, (T, N): all but optional features are known."""
        return self._usable

    def forecastable(self) -> NDArray[np.bool_]:
        """Return the rows to forecast from, (T, N): the usable ones and those of short histories.

        In a row of a short history long-run features are missing, and at least `SHORTEST_HISTORY`
        of the last 250 sessions have a variance.
        """
        return self._forecastable

    def short_history(self) -> NDArray[np.bool_]:
        """Return the rows to forecast from that are neither fitted on nor scored, (T, N)."""
        return self.forecastable() & ~self.usable()

    @cached_property
    def _usable(self) -> NDArray[np.bool_]:
        if self._whole is not None:
            return self._whole.usable()[: len(self.sessions)]
        return self._is_known(~self.optional)

    @cached_property
    def _forecastable(self) -> NDArray[np.bool_]:
        if self._whole is not None:
            return self._whole.forecastable()[: len(self.sessions)]
        enough = count_recent_sessions(self.variance) >= SHORTEST_HISTORY
        return self.usable() | (enough & self._is_known(~(self.optional | self.long_run)))

    def _is_known(self, features: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return the rows (T, N) in which all of some features (F,) are known."""
        positions = np.flatnonzero(features).tolist()
        if isinstance(self.x, FeatureRows):
            return self.x.is_finite(positions)
        return np.asarray(np.isfinite(self.x[:, :, positions]).all(axis=2))

    @cached_property
    def bounded(self) -> BoundedHistory:
        """What bounding outlying sessions changes in targets and features, for fitting only.

        It looks at all sessions of the sample, which `until` has cut at the last known one. A
        ticker without a usable row changes nothing for the others.
        """
        windows = set(MEAN_VARIANCE_WINDOWS.values())
        pooled = np.asarray(self.usable().any(axis=0))
        return bound_history(self.variance, self.target, self.horizons, windows, pooled)

    def select_fit_data(
        self, rows: NDArray[np.bool_], names: tuple[str, ...] = ()
    ) -> tuple[NDArray[np.float32], Float]:
        """Return features (n, F) and targets (n, H) of `rows` (T, N), to fit a model on.

        Outlying sessions are bounded (`volcast.models.outliers`). In the month after a session that
        is ignored, all features but the mean variances are unknown. `names` are the features to
        return; by default all.
        """
        x = self.columns(names)[rows] if names else self.x[rows]
        bounded, distorted = self.bounded, self.bounded.distorted[rows]
        for column, name in enumerate(names or self.names):
            if name in MEAN_VARIANCE_WINDOWS:
                x[:, column] += bounded.log_mean_change[MEAN_VARIANCE_WINDOWS[name]][rows]
            else:
                x[distorted, column] = np.nan
        return x, bounded.target[rows]

    def positions(self, names: tuple[str, ...]) -> NDArray[np.intp]:
        """Return the positions of the named features in `x`.

        Raises
        ------
        ValueError
            A feature is missing.
        """
        missing = [name for name in names if name not in self.names]
        if missing:
            raise ValueError(
                f"the features {', '.join(missing)} are needed; add them to the selection"
            )
        return np.array([self.names.index(name) for name in names], dtype=np.intp)

    def columns(self, names: tuple[str, ...], origins: slice = slice(None)) -> NDArray[np.float32]:
        """Return the named features of some origins, (n, N, len(names)); by default of all.

        Raises
        ------
        ValueError
            A feature is missing.
        """
        return np.asarray(self.x[origins][:, :, self.positions(names)])


@dataclass(frozen=True)
class Split:
    """The positions of one fold's training and validation sessions, without the test part.

    Examples
    --------
    >>> Split(train=slice(0, 400), validation=slice(405, 490)).both
    slice(0, 490, None)
    """

    train: slice
    validation: slice

    @property
    def both(self) -> slice:
        """The training and validation parts, with the purged gap between them."""
        return slice(self.train.start, self.validation.stop)


class Forecaster(Protocol):
    """A model of future daily variance.

    `fit` gets a sample that ends with the last known session, so that it cannot look ahead;
    `forecast` may use, for the origin t, nothing after the close of session t. A model of your own
    needs only these two methods.

    Examples
    --------
    >>> class Constant(Forecaster):
    ...     def fit(self, sample, split):
    ...         self.variance_ = np.nanmean(sample.variance[split.both])
    ...         return self
    ...
    ...     def forecast(self, sample, origins):
    ...         constant = np.full(sample.target[origins].shape, self.variance_)
    ...         return mask_unforecastable(constant, sample, origins)
    """

    def fit(self, sample: Sample, split: Split) -> Self:
        """Fit to the sessions of `split`, and return the forecaster itself.

        Parameters
        ----------
        sample
            The known sessions; later ones are cut off.
        split
            The training sessions, and the later validation sessions for early stopping.
        """
        ...

    def forecast(self, sample: Sample, origins: slice) -> Float:
        """Return the mean daily variance over t+1 .. t+h for each origin t.

        Parameters
        ----------
        sample
            Sessions up to the last origin or beyond.
        origins
            The positions of the n origins.

        Returns
        -------
        variance
            (n, N, H), in squared log-return units; NaN where not forecastable.
        """
        ...


def select_fit_rows(
    sample: Sample, part: slice, known_before: int | None = None
) -> NDArray[np.bool_]:
    """Return the rows (T, N) of `part` to fit on: usable, and with all targets known.

    With `known_before`, the position of a session, every target must also end before that session.
    For a single exchange the purged gap ensures this, but the targets of a ticker that trades on
    fewer days than the others end later.
    """
    in_part = np.zeros(len(sample.sessions), dtype=bool)
    in_part[part] = True
    known = np.isfinite(sample.target).all(axis=2)
    if known_before is not None:
        known &= (sample.target_end < sample.sessions[known_before]).all(axis=2)
    return in_part[:, None] & sample.usable() & known


def mask_unforecastable(forecast: Float, sample: Sample, origins: slice) -> Float:
    """Return `forecast` (n, N, H) with NaN where not forecastable."""
    return np.where(sample.forecastable()[origins, :, None], forecast, np.nan)


def count_recent_sessions(variance: Float) -> NDArray[np.intp]:
    """Return how many of the last 250 sessions up to t have a variance, (T, N).

    Examples
    --------
    >>> count_recent_sessions(np.array([[np.nan], [1e-4], [2e-4]])).ravel().tolist()
    [0, 1, 2]
    """
    known = np.isfinite(variance).cumsum(axis=0)
    before = np.zeros_like(known)
    before[YEAR:] = known[:-YEAR]
    return np.asarray(known - before)
