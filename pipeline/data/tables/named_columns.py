"""Tables that are no prices, such as report dates: their columns by given names, as text."""

import io
import re
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from pyarrow import ArrowException  # type: ignore[import-untyped]

from volcast.pipeline.data.tables.layout import SEPARATORS
from volcast.pipeline.data.tables.text import read_text
from volcast.pipeline.data.tables.typed_table import PARQUET_SUFFIXES
from volcast.pipeline.errors import DataError

Names = Mapping[str, tuple[str, ...]]
SHOWN = 60  # characters of a file's own text in a message


def read_named_columns(file: Path, names: Names, required: Sequence[str]) -> pd.DataFrame:
    """Return the known columns of a file, renamed; text, or what a Parquet file holds.

    Rows without any value are left out. The index counts the rows of the file from 0.

    Parameters
    ----------
    file
        CSV, also with ``.gz``, or Parquet, by its suffix.
    names
        For each column the names that it may have, in lower case, without spaces, underscores and
        dots; the first that is present counts.
    required
        The columns without which the file is rejected.

    Raises
    ------
    DataError
        The file cannot be read as a table, a required column is missing, or two columns have the
        same name.
    """
    try:
        if file.suffix.lower() in PARQUET_SUFFIXES:
            return _read_parquet(file, names, required).dropna(how="all")
        text = read_text(file).data.decode()
        return _read_csv(text, file, names, required).dropna(how="all")
    except OSError as error:
        raise DataError(f"{file}: the file cannot be read; {_first_line(error)}") from error


def _read_parquet(file: Path, names: Names, required: Sequence[str]) -> pd.DataFrame:
    try:
        frame = pd.read_parquet(file)
    except (ArrowException, ValueError, TypeError, KeyError, OverflowError) as error:
        raise DataError(f"{file}: this is not a Parquet file; {_first_line(error)}") from error
    if not isinstance(frame.index, pd.RangeIndex):
        frame = frame.reset_index(allow_duplicates=True)
    positions = _find_positions([str(name) for name in frame.columns], file, names, required)
    found = frame.iloc[:, list(positions.values())]
    found.columns = pd.Index(list(positions))
    raw = [name for name in positions if found[name].dtype == object]
    return found.assign(**{name: found[name].map(_decode) for name in raw})


def _decode(value: Any) -> Any:
    """Return raw bytes as text; what is not UTF-8 becomes characters that no column allows."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _read_csv(text: str, file: Path, names: Names, required: Sequence[str]) -> pd.DataFrame:
    header = next((line for line in text.splitlines() if line.strip()), "")
    separator = max(SEPARATORS, key=header.count)
    layout = {"sep": separator, "index_col": False, "dtype": str, "keep_default_na": False}
    first = _parse(text, file, header=None, nrows=1, **layout)
    positions = _find_positions([str(name) for name in first.iloc[0]], file, names, required)
    column_at = {position: column for column, position in positions.items()}
    columns = [column_at.get(at, f"unused {at}") for at in range(first.shape[1])]
    frame = _parse(text, file, header=0, names=columns, **layout)[list(positions)]
    if frame.empty:
        raise DataError(f"{file}: the file has a header but no rows; it needs at least one row")
    return frame.replace("", None)


def _parse(text: str, file: Path, **options: object) -> pd.DataFrame:
    with warnings.catch_warnings():
        # pandas cuts off a row longer than the header with only a warning.
        warnings.simplefilter("error", pd.errors.ParserWarning)
        try:
            return pd.read_csv(io.StringIO(text), **options)  # type: ignore[call-overload, no-any-return]
        except (pd.errors.ParserWarning, ValueError, OverflowError, IndexError) as error:
            raise DataError(
                f"{file}: this is not a CSV file with the same number of columns in every row; "
                f"{_first_line(error)}"
            ) from error


def _find_positions(
    header: list[str], file: Path, names: Names, required: Sequence[str]
) -> dict[str, int]:
    """Return the position of each known column."""
    simple = [_simplify(name) for name in header]
    positions = {}
    for column, known in names.items():
        name = next((name for name in known if name in simple), None)
        if name is None:
            continue
        if simple.count(name) > 1:
            twice = [shown for shown, each in zip(header, simple, strict=True) if each == name]
            raise DataError(f"{file}: column {column} must occur once; found {twice}; drop one")
        positions[column] = simple.index(name)
    missing = [column for column in required if column not in positions]
    if missing:
        found = ", ".join(repr(name[:SHOWN]) for name in header[:20])
        raise DataError(
            f"{file}: missing column {', '.join(missing)}; found {found}; add or rename it"
        )
    return positions


def _simplify(name: str) -> str:
    return re.sub(r"[\s_.]", "", name).lower()


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
