"""Exports: the same rows in one part or many, and errors that say what was stored."""

import pandas as pd
import pytest

from tests.pipeline.ledger.samples import long_ledger
from volcast.pipeline.errors import StorageError
from volcast.pipeline.ledger import queries
from volcast.pipeline.ledger.export import iter_csv, write_export
from volcast.pipeline.ledger.ledger import Ledger


@pytest.fixture(scope="module")
def ledger(tmp_path_factory):
    path = tmp_path_factory.mktemp("ledger") / "ledger.db"
    long_ledger(path, count=10)
    with Ledger.to_read(path) as opened:
        yield opened


def test_an_export_is_the_same_in_one_block_and_in_many(ledger, tmp_path, monkeypatch):
    whole = ledger.table("scored")
    monkeypatch.setattr(queries, "BLOCK", 7)
    assert len(list(ledger.iter_blocks("scored"))) == 3
    assert "".join(iter_csv(ledger.iter_blocks("scored"))) == "".join(iter_csv([whole]))
    for format in ("csv", "parquet"):
        file = tmp_path / f"whole.{format}"
        assert write_export(file, ledger.iter_blocks("scored"), format) == len(whole)
    assert (tmp_path / "whole.csv").read_text("utf-8") == "".join(iter_csv([whole]))
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "whole.parquet"), whole)


def test_an_empty_ledger_is_exported_with_its_header(tmp_path):
    with Ledger.to_write(tmp_path / "ledger.db") as empty:
        text = "".join(iter_csv(empty.iter_blocks("scored")))
    assert text.startswith("seq,origin,") and text.count("\n") == 1


@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_an_export_that_cannot_be_written_says_that_it_was_not_stored(format, ledger, tmp_path):
    file = tmp_path / "missing" / "export"
    with pytest.raises(StorageError, match="the export of the ledger was not stored: cannot write"):
        write_export(file, ledger.iter_blocks("scored"), format)
