"""Export of the ledger's rows to CSV or Parquet, in parts: years of them need not fit in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd

from volcast.pipeline.errors import ConfigError, StorageError
from volcast.pipeline.files import write_file
from volcast.pipeline.ledger.columns import MOMENT_FORMAT

CSV, PARQUET = FORMATS = ("csv", "parquet")  # also the suffixes of their files


def choose_format(file: Path | None, chosen: str | None) -> str:
    """Return the format to write: the chosen one, else that of the file's suffix, else CSV.

    Raises
    ------
    ConfigError
        The two contradict each other, or Parquet would have to be printed.

    Examples
    --------
    >>> choose_format(Path("ledger.parquet"), None)
    'parquet'
    >>> choose_format(None, None)
    'csv'
    """
    suffix = file.suffix.lower().removeprefix(".") if file else ""
    if file is None and chosen == PARQUET:
        raise ConfigError("--format parquet cannot be printed; name a file with --out")
    if chosen and suffix in FORMATS and suffix != chosen:
        raise ConfigError(
            f"--format {chosen} contradicts --out {file}; leave out --format, or name a file that "
            f"ends in .{chosen}"
        )
    return chosen or (suffix if suffix in FORMATS else CSV)


def write_export(file: Path, blocks: Iterable[pd.DataFrame], format: str) -> int:
    """Write frames, at least one, to one file, atomically; return the number of rows.

    Raises
    ------
    StorageError
        The file cannot be written.
    """
    rows = 0

    def count_rows() -> Iterator[pd.DataFrame]:
        nonlocal rows
        for block in blocks:
            rows += len(block)
            yield block

    write = write_parquet if format == PARQUET else write_csv
    try:
        write_file(file, lambda unfinished: write(unfinished, count_rows()))
    except StorageError as error:
        raise StorageError(f"the export of the ledger was not stored: {error}") from error
    return rows


def iter_csv(blocks: Iterable[pd.DataFrame]) -> Iterator[str]:
    r"""Yield the CSV of one frame after the other, with one header; moments are in UTC.

    Examples
    --------
    >>> list(iter_csv([pd.DataFrame({"seq": [1]}), pd.DataFrame({"seq": [2]})]))
    ['seq\n1\n', '2\n']
    """
    for number, block in enumerate(blocks):
        moments = block.select_dtypes("datetimetz")
        texts = {str(name): moments[name].dt.strftime(MOMENT_FORMAT) for name in moments}
        yield block.assign(**texts).to_csv(index=False, header=number == 0)


def write_csv(file: Path, blocks: Iterable[pd.DataFrame]) -> None:
    """Write frames to one CSV file."""
    with file.open("w", encoding="utf-8", newline="") as opened:
        opened.writelines(iter_csv(blocks))


def write_parquet(file: Path, blocks: Iterator[pd.DataFrame]) -> None:
    """Write frames, at least one, to one Parquet file."""
    import pyarrow as pa  # type: ignore[import-untyped]
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    first = pa.Table.from_pandas(next(blocks), preserve_index=False)
    with pq.ParquetWriter(file, first.schema) as writer:
        writer.write_table(first)
        for block in blocks:
            writer.write_table(pa.Table.from_pandas(block, first.schema, preserve_index=False))
