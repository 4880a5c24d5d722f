"""The features of many tickers, stored as one row a bar and read like an array (T, N, F)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volcast.features._typing import BoolArray

Float32 = NDArray[np.float32]

NO_ROW = -1  # the place of a session in which a ticker has no bar
WHOLE_AXIS = slice(None)


@dataclass(frozen=True, eq=False)
class FeatureTable:
    """Features (T, N, F) of which only the rows of bars that exist are held, ticker by ticker.

    Half of the sessions of a market of many years lie before the listing of a ticker. The table is
    indexed like a NumPy array, as datasets of h5py are: by a mask (T, N), by a slice of sessions,
    or ``[:, :, positions]``. Any other index makes the whole array first.

    Parameters
    ----------
    place
        (T, N), the row of each bar; `NO_ROW` where there is none, which reads as NaN.
    columns
        F arrays (R,) with the values of a feature in all rows. The sequence may read an array when
        it is asked for.

    Examples
    --------
    >>> x = np.array([[[1.0, 2.0], [np.nan, np.nan]], [[3.0, 4.0], [5.0, 6.0]]], np.float32)
    >>> table = FeatureTable.from_array(x)
    >>> len(table.columns[0]), table.shape
    (3, (2, 2, 2))
    >>> table[np.array([[False, True], [True, True]])].tolist()
    [[nan, nan], [3.0, 4.0], [5.0, 6.0]]
    >>> table[:, :, 1].tolist()
    [[2.0, nan], [4.0, 6.0]]
    """

    place: NDArray[np.int32]
    columns: Sequence[Float32]

    @classmethod
    def from_array(cls, x: Float32) -> FeatureTable:
        """Return the table of features (T, N, F); a row exists where one of them is finite."""
        exists = np.asarray(np.isfinite(x).any(axis=2))
        rows = x.transpose(1, 0, 2)[exists.T]
        return cls(number_rows(exists), tuple(np.ascontiguousarray(rows.T)))

    @property
    def shape(self) -> tuple[int, int, int]:
        """T, N and F."""
        sessions, tickers = self.place.shape
        return sessions, tickers, len(self.columns)

    def __len__(self) -> int:
        return len(self.place)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """Return the whole array, float32."""
        if copy is False:
            raise ValueError("a FeatureTable cannot be read as an array without a copy")
        array = self._read_columns(range(len(self.columns)))
        return array if dtype is None else array.astype(dtype, copy=False)

    def __getitem__(self, key: Any) -> Any:
        """Return rows (n, F) by a mask, a table by a slice, or the arrays of some features."""
        if isinstance(key, slice):
            return replace(self, place=self.place[key])
        if isinstance(key, np.ndarray) and key.dtype == bool and key.shape == self.place.shape:
            return self._read_rows(self.place[key])
        if isinstance(key, tuple) and len(key) == 3 and key[:2] == (WHOLE_AXIS, WHOLE_AXIS):
            wanted = np.arange(len(self.columns))[key[2]]
            array = self._read_columns(np.atleast_1d(wanted).tolist())
            return array if wanted.ndim else array[:, :, 0]
        return np.asarray(self)[key]

    def select_tickers(self, column: NDArray[np.intp]) -> FeatureTable:
        """Return the tickers at some positions; -1 stands for a ticker without bars."""
        place = self.place[:, column]
        place[:, column < 0] = NO_ROW
        return replace(self, place=place)

    def is_finite(self, positions: Sequence[int]) -> BoolArray:
        """Return the rows (T, N) in which all features at some positions are finite."""
        finite = np.ones(len(self.columns[0]), dtype=bool)
        for position in positions:
            finite &= np.isfinite(self.columns[position])
        exists = self.place >= 0
        grid = np.zeros(self.place.shape, dtype=bool)
        grid[exists] = finite[self.place[exists]]
        return grid

    def replace_columns(self, values: dict[int, Float32]) -> FeatureTable:
        """Return the table with other values (R,) of the features at some positions."""
        columns = [values.get(f, self.columns[f]) for f in range(len(self.columns))]
        return replace(self, columns=tuple(columns))

    def _read_rows(self, row: NDArray[np.int32]) -> Float32:
        """Return the features (n, F) of rows of the table."""
        gathered = np.empty((len(self.columns), len(row)), np.float32)
        missing = np.flatnonzero(row < 0)
        for position, column in enumerate(self.columns):
            gathered[position] = column[row] if len(column) else np.nan
        gathered[:, missing] = np.nan
        return np.ascontiguousarray(gathered.T)

    def _read_columns(self, positions: Sequence[int]) -> Float32:
        """Return the arrays (T, N, len(positions)) of some features."""
        exists = self.place >= 0
        row = self.place[exists]
        array = np.full((*self.place.shape, len(positions)), np.nan, np.float32)
        for last, position in enumerate(positions):
            array[exists, last] = self.columns[position][row]
        return array


def number_rows(exists: BoolArray) -> NDArray[np.int32]:
    """Return the place (T, N) of each bar that exists, counted ticker by ticker.

    Examples
    --------
    >>> number_rows(np.array([[True, False], [True, True]])).tolist()
    [[0, -1], [1, 2]]
    """
    place = np.full(exists.shape[::-1], NO_ROW, np.int32)
    place[exists.T] = np.arange(np.count_nonzero(exists), dtype=np.int32)
    return np.ascontiguousarray(place.T)


def join_tables(
    tables: Sequence[FeatureTable], sessions: Sequence[NDArray[np.intp]], count: int
) -> FeatureTable:
    """Join the tables of several exchanges, ticker by ticker.

    Parameters
    ----------
    tables
        With the same features.
    sessions
        The positions of each table's sessions among all.
    count
        The number of all sessions.

    Returns
    -------
    The table of all tickers, in the order of `tables`.
    """
    places, rows = [], 0
    for table, position in zip(tables, sessions, strict=True):
        place = np.full((count, table.place.shape[1]), NO_ROW, np.int32)
        place[position] = np.where(table.place >= 0, table.place + rows, NO_ROW)
        places.append(place)
        rows += int(table.place.max(initial=NO_ROW)) + 1
    features = range(len(tables[0].columns))
    columns = tuple(np.concatenate([table.columns[f] for table in tables]) for f in features)
    return FeatureTable(np.concatenate(places, axis=1), columns)
