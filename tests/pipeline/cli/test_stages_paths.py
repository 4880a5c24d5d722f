"""Paths that are no table: one message of the command, and nothing begun."""

import gzip
import io
import os
import random

import pytest

from tests.pipeline.data.conftest import make_bars
from tests.pipeline.samples import volcast


def parquet_bytes() -> bytes:
    sink = io.BytesIO()
    make_bars().to_parquet(sink)
    return sink.getvalue()


def loop(folder):
    (folder / "a.csv").symlink_to(folder / "b.csv")
    (folder / "b.csv").symlink_to(folder / "a.csv")
    return folder / "a.csv", "there is no such file"


def dangling(folder):
    (folder / "a.csv").symlink_to(folder / "gone.csv")
    return folder / "a.csv", "there is no such file"


def folder_of_folders(folder):
    (folder / "a.csv").mkdir()
    return folder, "the folder has no file of type"


def below_a_file(folder):
    (folder / "a.csv").write_text("x")
    return folder / "a.csv" / "b.csv", "there is no such file"


def long_name(folder):
    return folder / ("x" * 5000 + ".csv"), "the path cannot be read; File name too long"


def pipe(folder):
    os.mkfifo(folder / "a.csv")
    return folder / "a.csv", "this is not a regular file"


def workbook(folder):
    """What a spreadsheet saves, renamed: a ZIP archive."""
    (folder / "a.csv").write_bytes(
        b"PK\x03\x04\x14\0\x06\0\x08\0" + random.Random(0).randbytes(500)
    )
    return folder / "a.csv", "this Excel workbook or zip archive is damaged"


def half_a_parquet_file(folder):
    data = parquet_bytes()
    (folder / "a.parquet").write_bytes(data[: len(data) // 2])
    return folder / "a.parquet", "this is not a Parquet file"


def parquet_with_its_end_only(folder):
    data = parquet_bytes()
    (folder / "a.parquet").write_bytes(b"PAR1" + data[len(data) // 2 :])
    return folder / "a.parquet", "a.parquet: "


def half_a_gzip_file(folder):
    data = gzip.compress(make_bars().to_csv(index=False).encode())
    (folder / "a.csv.gz").write_bytes(data[: len(data) // 2])
    return folder / "a.csv.gz", "this gzip file is damaged"


def web_page(folder):
    (folder / "a.csv").write_text("<!doctype html>\n<title>Too many requests</title>\n")
    return folder / "a.csv", "this is a web page or XML; download the table as CSV"


def empty(folder):
    (folder / "a.csv").write_bytes(b"")
    return folder / "a.csv", "the file is empty"


PLACES = [
    *(loop, dangling, folder_of_folders, below_a_file, long_name, pipe, workbook),
    *(half_a_parquet_file, parquet_with_its_end_only, half_a_gzip_file, web_page, empty),
]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("option", ["path", "intraday"])
def test_a_path_that_is_not_a_table_is_one_message_of_the_command(tmp_path, place, option):
    (tmp_path / "data").mkdir()
    path, says = place(tmp_path / "data")
    config, out = tmp_path / "v.toml", tmp_path / "run"
    config.write_text(f'[data]\nsource = "files"\n{option} = "{path}"\n')
    assert says in volcast("run", "--config", config, "--out", out).complaint
    assert {file.name for file in out.iterdir()} <= {".lock"}  # nothing was begun
