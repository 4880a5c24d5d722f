"""Packed files and Feather are read; what is no table is named, with what to do."""

import bz2
import gzip
import io
import lzma
import pickle
import zipfile

import pandas as pd
import pytest

from tests.pipeline.data.conftest import asking
from volcast.pipeline.data.sources.files import FilesSource
from volcast.pipeline.errors import DataError

TEXT = b"Date,Close\n2023-12-28,4.1\n2023-12-29,4.2\n"


def zipped(**files) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data)  # of 1980, not of now
    return packed.getvalue()


def read(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    return FilesSource(tmp_path / name).load(asking())


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("AAA.csv.gz", gzip.compress(TEXT, mtime=0)),
        ("AAA.csv", gzip.compress(TEXT, mtime=0)),
        ("AAA.csv.bz2", bz2.compress(TEXT)),
        ("AAA.csv.xz", lzma.compress(TEXT)),
        ("AAA.csv.zip", zipped(inner=TEXT)),
        ("AAA.zip", zipped(inner=TEXT)),
        ("AAA.dat", TEXT),
    ],
)
def test_a_packed_file_is_read_under_its_own_name(tmp_path, name, data):
    bars = read(tmp_path, name, data).bars
    assert bars["ticker"].tolist() == ["AAA", "AAA"]
    assert bars["close"].tolist() == [4.1, 4.2]


def test_feather_is_read_as_parquet_is(tmp_path):
    frame = pd.DataFrame(
        {"Date": pd.to_datetime(["2023-12-28", "2023-12-29"]), "Close": [4.1, 4.2]}
    )
    frame.to_feather(tmp_path / "AAA.feather")
    answer = FilesSource(tmp_path).load(asking())
    assert answer.bars["close"].tolist() == [4.1, 4.2]
    assert "Feather" in answer.understood[0]


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("AAA.xlsx", zipped(**{"[Content_Types].xml": b"", "xl": b""}), "an Excel workbook; save"),
        ("AAA.xls", b"\xd0\xcf\x11\xe0\xa1\xb1", "an old Excel workbook; save"),
        ("AAA.pkl", pickle.dumps(pd.Series([1.0])), "a Python pickle, which can run code"),
        ("AAA.json", b'[\n {"date": "2023-12-28", "close": 4.1}]', "JSON; save the table as CSV"),
        ("AAA.h5", b"\x89HDF\r\n\x1a\n\0\0", "an HDF5 file; save"),
        ("AAA.db", b"SQLite format 3\0", "a database of SQLite; save"),
        ("AAA.html", b"<html><table>", "a web page or XML; download"),
        ("two.zip", zipped(a=TEXT, b=TEXT), "the archive has 2 files; unpack it"),
        ("bad.zip", zipped(a=TEXT)[:60], "zip archive is damaged"),
        ("bad.csv.gz", gzip.compress(TEXT, mtime=0)[:20], "this gzip file is damaged"),
        ("bad.csv.xz", TEXT, "the file is damaged, it is not xz"),
        ("bad.feather", TEXT, "this is not a Feather file"),
    ],
)
def test_what_is_no_table_is_named_with_what_to_do(tmp_path, name, data, says):
    with pytest.raises(DataError) as caught:
        read(tmp_path, name, data)
    assert says in str(caught.value)
