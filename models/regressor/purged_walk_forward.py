"""Cross-validation in time order, with a purged gap between the training rows and the test rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.model_selection import BaseCrossValidator

Rows = NDArray[np.intp]


class PurgedWalkForward(BaseCrossValidator):
    """Walk forward in time: train on the past, leave out the purged gap, test on what follows.

    A drop-in for the `cv` of scikit-learn's model selection. The target of row t covers the h
    sessions after t, so that the targets of the last training rows overlap the test rows: `purge`
    sessions before each test part are left out.

    Parameters
    ----------
    n_splits
        Number of test parts, each of `test_size` sessions, the last of which ends with the data.
    purge
        Sessions left out before each test part: the longest horizon of the targets.
    test_size
        Sessions of a test part; None: so that the first training part is as long as a test part.
    train_size
        Sessions of a rolling training part; None: all sessions before the gap.

    Notes
    -----
    Rows are in time order, one a session. Of a panel, whose sessions have several rows, give the
    sessions as `groups`: all rows of a session then fall into the same part, in any order.

    References
    ----------
    Lopez de Prado (2018), Advances in Financial Machine Learning, section 7.4 (purging).

    Examples
    --------
    >>> rows = np.zeros((10, 1))
    >>> for train, test in PurgedWalkForward(n_splits=2, purge=1, test_size=2).split(rows):
    ...     print(train, test)
    [0 1 2 3 4] [6 7]
    [0 1 2 3 4 5 6] [8 9]
    """

    def __init__(
        self,
        n_splits: int = 5,
        *,
        purge: int = 1,
        test_size: int | None = None,
        train_size: int | None = None,
    ) -> None:
        self.n_splits = n_splits
        self.purge = purge
        self.test_size = test_size
        self.train_size = train_size

    def split(
        self, X: Any, y: Any = None, groups: ArrayLike | None = None
    ) -> Iterator[tuple[Rows, Rows]]:
        """Yield the positions of the training rows and of the test rows of each split.

        Parameters
        ----------
        X
            Rows in time order; only their number counts.
        y
            Not used.
        groups
            The session of each row, such as its date; None: each row is one.

        Yields
        ------
        train, test : ndarray of int
            Positions of rows, oldest first.

        Raises
        ------
        ValueError
            A parameter breaks its rule, or there are too few sessions.
        """
        count = len(X) if hasattr(X, "__len__") else X.shape[0]
        session = np.arange(count)
        if groups is not None:
            _, session = np.unique(np.asarray(groups), return_inverse=True)
            if len(session) != count:
                raise ValueError(f"groups has {len(session)} sessions for {count} rows of X")
        sessions = int(session.max()) + 1 if count else 0
        size = self._choose_test_size(sessions)
        for number in range(self.n_splits):
            start = sessions - size * (self.n_splits - number)
            end = start - self.purge
            first = 0 if self.train_size is None else max(end - self.train_size, 0)
            train = np.flatnonzero((session >= first) & (session < end))
            yield train, np.flatnonzero((session >= start) & (session < start + size))

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Return the number of splits.

        Parameters
        ----------
        X, y, groups
            Not used; scikit-learn passes them.
        """
        return self.n_splits

    def _choose_test_size(self, sessions: int) -> int:
        for name, least in (("n_splits", 1), ("purge", 0), ("test_size", 1), ("train_size", 1)):
            value = getattr(self, name)
            if value is not None and value < least:
                raise ValueError(f"{name} must be {least} or more; got {value}")
        size = self.test_size or (sessions - self.purge) // (self.n_splits + 1)
        if size < 1 or sessions - size * self.n_splits - self.purge < 1:
            raise ValueError(
                f"{sessions} sessions are too few for {self.n_splits} test parts of "
                f"{max(size, 1)} and a purge of {self.purge}: lower n_splits, test_size or purge"
            )
        return size
