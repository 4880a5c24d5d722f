"""Plain tables, with ISO dates and decimal points: their columns are typed while they are read."""

import re
from collections.abc import Sequence
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]

from volcast.pipeline.data.tables.columns import Columns

ISO_DAY = re.compile(r"^\d{4}-\d{2}-\d{2}$")
PLAIN_NUMBER = re.compile(r"^-?\d+(\.\d+)?$|^$")
# Such a cell proves that the point is the decimal sign; see `decimal_sign`.
POINT_DECIMAL = re.compile(r"^-?(\d*\.(\d{1,2}|\d{4,})|0\d*\.\d{3}|\d{4,}\.\d{3})$")


def choose_types(columns: Columns, sample: Sequence[Sequence[str]]) -> dict[int, Any]:
    """Return the types of the used columns by position; empty if the table is not plain.

    Parameters
    ----------
    columns
        Of the table.
    sample
        Its first rows.

    Examples
    --------
    >>> columns = Columns(0, {None: {"close": 1}})
    >>> sorted(choose_types(columns, [["2020-01-02", "1.5"]]))
    [0, 1]
    >>> choose_types(columns, [["2020-01-02", "1.500"]])
    {}
    """
    prices = [at for own in columns.fields.values() for name, at in own.items() if name != "volume"]
    numbers = [at for own in columns.fields.values() for at in own.values()]
    if not all(ISO_DAY.match(row[columns.date]) for row in sample):
        return {}
    if not all(PLAIN_NUMBER.match(row[at]) for row in sample for at in numbers):
        return {}
    if not any(POINT_DECIMAL.match(row[at]) for row in sample for at in prices):
        return {}
    types = {columns.date: pa.date32(), **dict.fromkeys(columns.keys.values(), pa.string())}
    return types | dict.fromkeys(numbers, pa.float64())
