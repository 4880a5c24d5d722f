"""The ledger's rows as CSV or Parquet, a part at a time: years of them need not fit in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd

from pipeline.ledger.reading import MOMENTS

MOMENT = "%Y-%m-%dT%H:%M:%S.%fZ"  # as the ledger stores it


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
