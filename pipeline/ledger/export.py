"""The ledger's rows as CSV or Parquet, a part at a time: years of them need not fit in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd

from volcast.pipeline.errors import ConfigError
from volcast.pipeline.files import write_file
from volcast.pipeline.ledger.queries import MOMENTS

MOMENT = "%Y-%m-%dT%H:%M:%S.%fZ"  # as the ledger stores it
CSV, PARQUET = FORMATS = ("csv", "parquet")  # also the suffixes of their files


def choose_format(file: Path | None, chosen: str | None) -> str:
    """Return the format to write: the chosen one, else that of the file's suffix, else CSV.

    Raises
    ------
    ConfigError
        The two contradict each other, or Parquet has no file to go to.
    """
    suffix = file.suffix.lower().removeprefix(".") if file else ""
    if file is None and chosen == PARQUET:
        raise ConfigError("--format parquet is no text to print; name a file with --out")
    if chosen and suffix in FORMATS and suffix != chosen:
        raise ConfigError(
            f"--format {chosen} contradicts --out {file}; leave out --format, or name a file that "
            f"ends in .{chosen}"
        )
    return chosen or (suffix if suffix in FORMATS else CSV)


def write(file: Path, blocks: Iterable[pd.DataFrame], format: str) -> int:
    """Write the blocks, at least one, as one file, atomically; return how many rows it has."""
    rows = 0

    def counted() -> Iterator[pd.DataFrame]:
        nonlocal rows
        for block in blocks:
            rows += len(block)
            yield block

    writer = write_parquet if format == PARQUET else write_csv
    write_file(file, lambda unfinished: writer(unfinished, counted()))
    return rows


def csv_texts(blocks: Iterable[pd.DataFrame]) -> Iterator[str]:
    """Yield the CSV of one block after the other, the header once; moments are in UTC."""
    for place, block in enumerate(blocks):
        moments = {name: block[name].dt.strftime(MOMENT) for name in MOMENTS if name in block}
        yield block.assign(**moments).to_csv(index=False, header=place == 0)


def write_csv(file: Path, blocks: Iterable[pd.DataFrame]) -> None:
    """Write the blocks as one CSV file."""
    with file.open("w", encoding="utf-8", newline="") as opened:
        opened.writelines(csv_texts(blocks))


def write_parquet(file: Path, blocks: Iterator[pd.DataFrame]) -> None:
    """Write the blocks, at least one, as one Parquet file."""
    import pyarrow as pa  # type: ignore[import-untyped]
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    first = pa.Table.from_pandas(next(blocks), preserve_index=False)
    with pq.ParquetWriter(file, first.schema) as writer:
        writer.write_table(first)
        for block in blocks:
            writer.write_table(pa.Table.from_pandas(block, first.schema, preserve_index=False))
