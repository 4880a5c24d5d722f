"""Whether the day, the month or the year stands first in dates that are written in numbers."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
from numpy.typing import NDArray

from volcast.pipeline.errors import DataError

DAY_FIRST, MONTH_FIRST, YEAR_FIRST = "day_first", "month_first", "year_first"
Ints = NDArray[np.int64]
CENTURY_BREAK = 70  # of two digits: 69 is 2069, 70 is 1970, as POSIX has it
LONGEST_USUAL_GAP = np.timedelta64(10, "D")  # median, between the bars of a daily table
SHOWN = 40


@dataclass(frozen=True, eq=False)
class Groups:
    """The parts of the cells that match a pattern.

    Parameters
    ----------
    valid
        (n,) which cells match.
    parts
        Name to the texts of a part, of the matching cells only.
    """

    valid: NDArray[np.bool_]
    parts: dict[str, Any]

    def ints(self, name: str) -> Ints:
        """Return a part as whole numbers."""
        return np.asarray(self.parts[name].cast(pa.int64()).to_numpy(zero_copy_only=False))


def compute_days(year: Ints, month: Ints, day: Ints) -> NDArray[np.datetime64]:
    """Return the days of a year, a month and a day each; NaT where there is no such day.

    A year of two digits lies between 1970 and 2069.

    Examples
    --------
    >>> compute_days(np.array([20, 2021]), np.array([2, 2]), np.array([29, 29])).tolist()
    [datetime.date(2020, 2, 29), None]
    """
    year = np.where(year < 100, np.where(year < CENTURY_BREAK, 2000, 1900) + year, year)
    right = (month >= 1) & (month <= 12) & (day >= 1)
    months = np.where(right, (year - 1970) * 12 + month - 1, 0).astype("M8[M]")
    days = months.astype("M8[D]") + np.where(right, day - 1, 0)
    days[~right | (days.astype("M8[M]") != months)] = np.datetime64("NaT")
    return np.asarray(days)


def order_groups(groups: Groups, order: str) -> NDArray[np.datetime64]:
    """Return the days of dates of three numbers in a given order."""
    first, second, third = (groups.ints(name) for name in ("first", "second", "year"))
    if order == DAY_FIRST:
        return compute_days(third, second, first)
    if order == MONTH_FIRST:
        return compute_days(third, first, second)
    return compute_days(np.where(third < 100, first, -1), second, third)


def decide_order(groups: Groups, text: Any, file: Path) -> str:
    """Return the only order in which all dates exist.

    Parameters
    ----------
    groups
        Dates of three numbers: first, second and year; a year of two digits may stand first, too.
    text
        The cells, for messages.
    file
        For messages.

    Raises
    ------
    DataError
        Two orders are possible, with different days; or one date has the day first, another the
        month.
    """
    cells = np.flatnonzero(groups.valid)
    days = {order: order_groups(groups, order) for order in (DAY_FIRST, MONTH_FIRST, YEAR_FIRST)}
    exists = np.logical_or.reduce([~np.isnat(found) for found in days.values()])
    days = {order: found[exists] for order, found in days.items()}  # no order mends 31.31.2020
    cells = cells[exists]
    possible = [order for order, found in days.items() if not np.isnat(found).any()]
    if len(possible) > 1 and YEAR_FIRST in possible:
        possible = [order for order in possible if _is_dense(days[order])] or possible
    if not possible:
        _refuse_contradiction(days, cells, text, file)
    first, second = possible[0], possible[-1]
    differs = np.flatnonzero(days[first] != days[second])
    if len(differs) == 0:
        return first
    example, at = text[int(cells[differs[0]])].as_py(), differs[0]
    raise DataError(
        f"{file}: the dates can be read in two ways: {example[:SHOWN]!r} is {days[first][at]} "
        f"({first.replace('_', ' ')}) or {days[second][at]} ({second.replace('_', ' ')}); say "
        f'which with data.dates = "{first}" or "{second}" (--dates)'
    )


def _is_dense(days: NDArray[np.datetime64]) -> bool:
    """Return whether dates follow each other as those of a daily table do."""
    gaps = np.diff(np.unique(days))
    return len(gaps) == 0 or bool(np.median(gaps.astype(np.int64)) <= LONGEST_USUAL_GAP.astype(int))


def _refuse_contradiction(
    days: dict[str, NDArray[np.datetime64]], cells: Ints, text: Any, file: Path
) -> NoReturn:
    """Raise ``DataError`` with a date that does not exist in each order."""
    wrong = [int(cells[np.isnat(days[order]).argmax()]) for order in (MONTH_FIRST, DAY_FIRST)]
    first, second = (text[at].as_py()[:SHOWN] for at in wrong)
    raise DataError(
        f"{file}: {first!r} has the day first, {second!r} the month; write all dates in one way, "
        "such as 2020-01-31"
    )
