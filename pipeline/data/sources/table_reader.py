"""Reading a CSV or Parquet file into a frame with the names of the bar table."""

import gzip
import io
import re
import warnings
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from pyarrow import ArrowException  # type: ignore[import-untyped]

from volcast.pipeline.data.contract.source import NUMBER_COLUMNS
from volcast.pipeline.errors import DataError

# The names a column goes by, the first one present wins; compared by `_plain`.
NAMES_OF = {
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


def read_table(file: Path, names_of: Names = NAMES_OF) -> pd.DataFrame:
    """Return the known columns of a file, renamed as in the bar table.

    ``names_of`` holds for each column the names that it goes by, as `NAMES_OF` does.

    Numbers are float64 where the whole column reads as numbers, else text; ticker and session are
    text or what the Parquet file holds. Rows without any value are left out. The index counts the
    rows from 0 as the file does.

    Raises
    ------
    DataError
        When the file cannot be read as a table, a required column is missing, or two columns
        bear one name.

    """
    try:
        if file.suffix.lower() in PARQUET_SUFFIXES:
            return _read_parquet(file, names_of).dropna(how="all")
        return _read_csv(_text(file), file, names_of).dropna(how="all")
    except OSError as error:
        raise DataError(f"{file}: the file cannot be read; {_first_line(error)}") from error


def _read_parquet(file: Path, names_of: Names) -> pd.DataFrame:
    try:
        frame = pd.read_parquet(file)
    except (ArrowException, ValueError, TypeError, KeyError, OverflowError) as error:
        raise DataError(f"{file}: this is no Parquet file; {_first_line(error)}") from error
    if not isinstance(frame.index, pd.RangeIndex):
        frame = frame.reset_index(allow_duplicates=True)
    positions = _positions([str(name) for name in frame.columns], file, names_of)
    found = frame.iloc[:, list(positions.values())]
    found.columns = pd.Index(list(positions))
    raw = [name for name in positions if found[name].dtype == object]
    return found.assign(**{name: found[name].map(_decoded) for name in raw})


def _decoded(value: Any) -> Any:
    """Return raw bytes as text; what is no UTF-8 becomes signs that no column allows."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _text(file: Path) -> str:
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
            f"{file}: this is no UTF-8 text, it holds NUL bytes; save it as CSV in UTF-8"
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{file}: the text is not UTF-8, byte {error.start} is 0x{data[error.start]:02x}; "
            "save it as UTF-8"
        ) from error


def _read_csv(text: str, file: Path, names_of: Names) -> pd.DataFrame:
    header = next(line for line in text.splitlines() if line.strip())
    layout = {"sep": max(SEPARATORS, key=header.count), "index_col": False, "low_memory": False}
    names = _parse(text, file, header=None, nrows=1, dtype=str, keep_default_na=False, **layout)
    positions = _positions([str(name) for name in names.iloc[0]], file, names_of)
    column_at = {position: column for column, position in positions.items()}
    layout |= {
        "header": 0,
        "names": [column_at.get(at, f"unused {at}") for at in range(names.shape[1])],
        "na_values": {column: list(MISSING) for column in NUMBER_COLUMNS if column in positions},
        "keep_default_na": False,
    }
    words = {"ticker": str, "session": str}
    frame = _parse(text, file, dtype=words, **layout)[list(positions)]
    if frame.empty:
        raise DataError(f"{file}: the file has a header and no row; it needs at least one bar")
    for column in words.keys() & set(frame.columns):
        frame[column] = frame[column].replace("", None)
    return frame


def _parse(text: str, file: Path, **options: object) -> pd.DataFrame:
    with warnings.catch_warnings():
        # A row longer than the header: pandas cuts it off with no more than a warning.
        warnings.simplefilter("error", pd.errors.ParserWarning)
        try:
            return pd.read_csv(io.StringIO(text), **options)  # type: ignore[call-overload, no-any-return]
        except (pd.errors.ParserWarning, ValueError, OverflowError, IndexError) as error:
            raise DataError(
                f"{file}: this is no CSV with one width of rows; {_first_line(error)}"
            ) from error


def _positions(header: list[str], file: Path, names_of: Names) -> dict[str, int]:
    """Return where each known column stands."""
    plain = [_plain(name) for name in header]
    positions = {}
    for column, names in names_of.items():
        name = next((name for name in names if name in plain), None)
        if name is None:
            continue
        if plain.count(name) > 1:
            twice = [shown for shown, known in zip(header, plain, strict=True) if known == name]
            raise DataError(f"{file}: column {column} must occur once; found {twice}; drop one")
        positions[column] = plain.index(name)
    missing = [column for column in REQUIRED if column not in positions]
    if missing:
        wanted = ", ".join("date" if column == "session" else column for column in missing)
        found = ", ".join(repr(name[:SHOWN]) for name in header[:20])
        raise DataError(f"{file}: missing column {wanted}; found {found}; add or rename it")
    return positions


def _plain(name: str) -> str:
    return re.sub(r"[\s_.]", "", name).lower()


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
