"""The columns of a Parquet or Feather file, as arrow arrays of few types."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
import pyarrow.feather as feather  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from volcast.pipeline.errors import DataError

SAMPLE_ROWS = 25
INDEX = "__index_level_"  # the name that pandas gives to an index without one
FAULTS = (pa.ArrowException, ValueError, TypeError, KeyError, OverflowError)


@dataclass(frozen=True, eq=False)
class ParquetTable:
    """Names, arrays and the first rows as text."""

    names: tuple[str, ...]
    arrays: tuple[Any, ...]
    sample: tuple[tuple[str, ...], ...]
    rows: int
    kind: str


def read_parquet(file: Path) -> ParquetTable:
    """Read a Parquet file; an index that pandas stored is a column like the others.

    Raises
    ------
    DataError
        It is no Parquet file, or has no rows.
    """
    return _read(file, "Parquet", lambda data: pq.ParquetFile(data).read())


def read_feather(file: Path) -> ParquetTable:
    """Read a Feather file, which pandas and arrow write, in the same way."""
    return _read(file, "Feather", feather.read_table)


def _read(file: Path, kind: str, read: Callable[[Any], Any]) -> ParquetTable:
    data = file.read_bytes()
    try:
        table = read(pa.BufferReader(data)).combine_chunks()
    except (*FAULTS, OSError) as error:  # arrow reports damage as an error of input
        line = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        raise DataError(f"{file}: this is not a {kind} file; {line}") from error
    names = tuple("" if name.startswith(INDEX) else name for name in table.column_names)
    if not table.num_rows:
        raise DataError(f"{file}: the file has no rows; it needs at least one bar")
    return build_parquet_table(table.rename_columns(names), kind, file)


def build_parquet_table(table: Any, kind: str, file: Path) -> ParquetTable:
    """Return the columns of an arrow table with at least one row.

    `kind` is what it was read from, such as Parquet; `file` is for messages.

    Raises
    ------
    DataError
        A column cannot be read.
    """
    names, columns = tuple(table.column_names), table.columns
    arrays = tuple(map(_to_plain_type, columns, names, [file] * len(names)))
    head = [_to_text(array[:SAMPLE_ROWS]) for array in arrays]
    return ParquetTable(names, arrays, tuple(zip(*head, strict=True)), table.num_rows, kind)


def _to_plain_type(column: Any, name: str, file: Path) -> Any:
    """Return a column as text, float64, date32 or timestamp; text of its type if it is another."""
    array = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    kind = array.type
    try:
        if pa.types.is_dictionary(kind):
            array = array.dictionary_decode()
            kind = array.type
        if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
            decoded = [
                None if v is None else v.decode("utf-8", "replace") for v in array.to_pylist()
            ]
            return pa.array(decoded, pa.string())
        if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_date(kind):
            return array
        if pa.types.is_timestamp(kind):
            return array.cast(pa.timestamp("us", kind.tz), safe=False)
        if pa.types.is_decimal(kind):
            return array.cast(pa.float64())
        if pa.types.is_null(kind):
            return pa.array([""] * len(array), pa.string())
        if pa.types.is_nested(kind) or pa.types.is_boolean(kind) or pa.types.is_temporal(kind):
            return pa.array([str(kind)] * len(array), pa.string())
        return array.cast(pa.string())
    except FAULTS as error:
        line = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        raise DataError(f"{file}: column {name!r} of type {kind} cannot be read; {line}") from error


def _to_text(array: Any) -> list[str]:
    if pa.types.is_timestamp(array.type):
        array = pc.cast(array, pa.timestamp("us"))
    return ["" if value is None else str(value) for value in array.to_pylist()]
