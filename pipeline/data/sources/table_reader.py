"""Reading a CSV or Parquet file into a table with the column names of the bar table."""

import gzip
import io
import re
import warnings
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from pyarrow import ArrowException  # type: ignore[import-untyped]

from volcast.pipeline.data.contract.bar_table import NUMBER_COLUMNS
from volcast.pipeline.errors import DataError

# The names of each column in files; the first one present is used; compared by `_simplify`.
COLUMN_NAMES = {
    "ticker": ("ticker", "symbol", "name"),
    "session": ("date", "session", "timestamp", "datetime"),
    **{column: (column.replace("_", ""),) for column in NUMBER_COLUMNS},
    "adj_close": ("adjclose", "adjustedclose"),
    "variance": ("variance", "realizedvariance", "realisedvariance", "rv"),
}
Names = Mapping[str, tuple[str, ...]]
REQUIRED = ("session", "open", "high", "low", "close")
PARQUET_SUFFIXES = (".parquet", ".pq")
SEPARATORS = ",;\t"
MISSING = ("", "NA", "N/A", "#N/A", "NaN", "nan", "-nan", "NULL", "null", "None", "none")
SHOWN = 60  # characters of a file's own text in a message


def read_table(
    file: Path, column_names: Names = COLUMN_NAMES, required: Sequence[str] = REQUIRED
) -> pd.DataFrame:
    """Return the known columns of a file, renamed as in the bar table.

    Numbers are float64 if the complete column reads as numbers, else text; ticker and session are
    text or what the Parquet file holds. Rows without any value are left out. The index counts the
    rows of the file from 0.

    Parameters
    ----------
    file
        CSV, also with ``.gz``, or Parquet, by its suffix.
    column_names
        For each column the names that it may have, as in `COLUMN_NAMES`.
    required
        The columns without which the file is rejected.

    Raises
    ------
    DataError
        When the file cannot be read as a table, a required column is missing, or two columns have
        the same name.
    """
    try:
        if file.suffix.lower() in PARQUET_SUFFIXES:
            return _read_parquet(file, column_names, required).dropna(how="all")
        return _read_csv(_read_text(file), file, column_names, required).dropna(how="all")
    except OSError as error:
        raise DataError(f"{file}: the file cannot be read; {_first_line(error)}") from error


def _read_parquet(file: Path, column_names: Names, required: Sequence[str]) -> pd.DataFrame:
    try:
        frame = pd.read_parquet(file)
    except (ArrowException, ValueError, TypeError, KeyError, OverflowError) as error:
        raise DataError(f"{file}: this is not a Parquet file; {_first_line(error)}") from error
    if not isinstance(frame.index, pd.RangeIndex):
        frame = frame.reset_index(allow_duplicates=True)
    positions = _find_positions([str(name) for name in frame.columns], file, column_names, required)
    found = frame.iloc[:, list(positions.values())]
    found.columns = pd.Index(list(positions))
    raw = [name for name in positions if found[name].dtype == object]
    return found.assign(**{name: found[name].map(_decode) for name in raw})


def _decode(value: Any) -> Any:
    """Return raw bytes as text; what is not UTF-8 becomes characters that no column allows."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _read_text(file: Path) -> str:
    """Return the file as text; UTF-8, with or without a byte-order mark."""
    data = file.read_bytes()
    try:
        data = gzip.decompress(data) if file.suffix.lower() == ".gz" else data
    except (EOFError, zlib.error) as error:
        raise DataError(f"{file}: the gzip file is damaged; {_first_line(error)}") from error
    if not data.strip():
        raise DataError(f"{file}: the file is empty; it needs a header and at least one row")
    if b"\0" in data:
        raise DataError(
            f"{file}: this is not UTF-8 text: it contains NUL bytes; save it as CSV in UTF-8"
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{file}: the text is not UTF-8, byte {error.start} is 0x{data[error.start]:02x}; "
            "save it as UTF-8"
        ) from error


def _read_csv(text: str, file: Path, column_names: Names, required: Sequence[str]) -> pd.DataFrame:
    header = next((line for line in text.splitlines() if line.strip()), "")
    layout = {"sep": max(SEPARATORS, key=header.count), "index_col": False, "low_memory": False}
    names = _parse(text, file, header=None, nrows=1, dtype=str, keep_default_na=False, **layout)
    positions = _find_positions([str(name) for name in names.iloc[0]], file, column_names, required)
    column_at = {position: column for column, position in positions.items()}
    layout |= {
        "header": 0,
        "names": [column_at.get(at, f"unused {at}") for at in range(names.shape[1])],
        "na_values": {column: list(MISSING) for column in NUMBER_COLUMNS if column in positions},
        "keep_default_na": False,
    }
    text_types = {"ticker": str, "session": str}
    frame = _parse(text, file, dtype=text_types, **layout)[list(positions)]
    if frame.empty:
        raise DataError(f"{file}: the file has a header but no rows; it needs at least one row")
    for column in text_types.keys() & set(frame.columns):
        frame[column] = frame[column].replace("", None)
    return frame


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
    header: list[str], file: Path, column_names: Names, required: Sequence[str]
) -> dict[str, int]:
    """Return the position of each known column."""
    simple = [_simplify(name) for name in header]
    positions = {}
    for column, names in column_names.items():
        name = next((name for name in names if name in simple), None)
        if name is None:
            continue
        if simple.count(name) > 1:
            twice = [shown for shown, known in zip(header, simple, strict=True) if known == name]
            raise DataError(f"{file}: column {column} must occur once; found {twice}; drop one")
        positions[column] = simple.index(name)
    missing = [column for column in required if column not in positions]
    if missing:
        wanted = ", ".join("date" if column == "session" else column for column in missing)
        found = ", ".join(repr(name[:SHOWN]) for name in header[:20])
        raise DataError(f"{file}: missing column {wanted}; found {found}; add or rename it")
    return positions


def _simplify(name: str) -> str:
    return re.sub(r"[\s_.]", "", name).lower()


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
