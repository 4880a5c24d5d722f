"""Several processes, killed ones, a full disk, a damaged file."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time

import pytest

from tests.pipeline.ledger.samples import (
    AFTERWARDS,
    EVENING,
    ORIGIN,
    forecast,
    har,
    outcome,
    small_ledger,
)
from volcast.pipeline.errors import LedgerError, StorageError
from volcast.pipeline.ledger.database import open_to_read
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.ledger.schema import SCHEMA
from volcast.pipeline.ledger.verify import verify

PATIENCE = 120  # seconds


def start(path, name, count):
    command = [sys.executable, "-m", "tests.pipeline.ledger.writer", str(path), name, str(count)]
    command.append(str(path.with_name("stop")))
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    return subprocess.Popen(command, text=True, **pipes)


def go(*writers):
    """Let them begin when all have opened the ledger."""
    for writer in writers:
        assert writer.stdout.readline() == "ready\n", writer.communicate()
    for writer in writers:
        writer.stdin.write("\n")
        writer.stdin.flush()


def remaining(writer):
    """The lines it says to its end; `communicate` forgets what `readline` has read ahead."""
    with writer:
        lines = list(writer.stdout)
        assert writer.stderr.read() == ""
    return lines


def test_processes_that_write_at_once_lose_nothing_and_keep_one_chain(tmp_path):
    """Three make the ledger together, and each writes until all have written twenty times."""
    path = tmp_path / "ledger.db"
    writers = [start(path, name, 100_000) for name in ("A", "B", "C")]
    go(*writers)
    said = [[writer.stdout.readline() for _ in range(20)] for writer in writers]
    (tmp_path / "stop").touch()
    for writer, lines in zip(writers, said, strict=True):
        lines += remaining(writer)
        assert writer.returncode == 0
    with Ledger.to_read(path) as ledger:
        assert verify(ledger).rows["forecasts"] == 2 * sum(map(len, said))
        written = ledger.table("forecasts")["ticker"].str[0].value_counts()
    assert {name: 2 * len(lines) for name, lines in zip("ABC", said, strict=True)} == dict(written)


@pytest.mark.parametrize("seed", range(4))
def test_a_writer_killed_at_any_moment_leaves_whole_transactions(seed, tmp_path):
    """What it said was written is there; at most the one under way is more; then it goes on."""
    path, rng = tmp_path / "ledger.db", random.Random(seed)
    writer = start(path, "A", 100_000)
    go(writer)
    said = [writer.stdout.readline() for _ in range(rng.randrange(1, 60))]
    time.sleep(rng.random() * 0.003)
    writer.send_signal(signal.SIGKILL)
    said += remaining(writer)
    assert writer.returncode == -signal.SIGKILL
    with Ledger.to_read(path) as ledger:
        forecasts = ledger.table("forecasts")
        done = len(said)
        assert forecasts["ticker"].nunique() in (done, done + 1)
        assert (forecasts.groupby("ticker").size() == 2).all()
        verify(ledger)
    again = start(path, "A", forecasts["ticker"].nunique() + 3)
    _, complaint = again.communicate(timeout=PATIENCE)
    assert again.returncode == 0, complaint
    with Ledger.to_read(path) as ledger:
        assert verify(ledger).rows["forecasts"] == len(forecasts) + 6


@pytest.mark.parametrize("kept", [0, 1, 5000, 20_000, 45_000])
def test_a_truncated_ledger_is_refused_and_not_replaced(kept, tmp_path):
    """A crash of the machine, not of the process: the file ends anywhere."""
    path = small_ledger(tmp_path / "ledger.db")
    os.truncate(path, kept)
    with pytest.raises(LedgerError, match="damaged"), Ledger.to_write(path) as ledger:
        verify(ledger)
    assert path.stat().st_size == kept


def test_a_reader_sees_one_state_while_another_process_writes(tmp_path):
    path = small_ledger(tmp_path / "ledger.db")
    with Ledger.to_read(path) as reader, reader.snapshot():
        before = reader.connection.execute("SELECT count(*) FROM chain").fetchone()
        with Ledger.to_write(path) as writer:
            writer.add_forecasts([har()], now=AFTERWARDS)
        assert reader.connection.execute("SELECT count(*) FROM chain").fetchone() == before
    with Ledger.to_read(path) as reader:
        assert verify(reader).head.seq == before[0] + 1


def test_a_full_disk_is_reported_and_nothing_is_half_written(tmp_path):
    path = small_ledger(tmp_path / "ledger.db")
    many = [forecast(ticker=f"T{number}") for number in range(5000)]
    with Ledger.to_write(path) as ledger:
        before = ledger.head()
        pages = ledger.connection.execute("PRAGMA page_count").fetchone()[0]
        ledger.connection.execute(f"PRAGMA max_page_count = {pages + 20}")
        with pytest.raises(StorageError, match="the disk is full; free some space and run again"):
            ledger.add_forecasts(many, now=AFTERWARDS)
        assert ledger.head() == before
        ledger.connection.execute(f"PRAGMA max_page_count = {pages * 1000}")
        assert ledger.add_forecasts(many, now=AFTERWARDS) == len(many)
        verify(ledger)


def test_a_writer_that_waits_too_long_says_so(tmp_path):
    path = small_ledger(tmp_path / "ledger.db")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with Ledger.to_write(path) as ledger:
        ledger.connection.execute("PRAGMA busy_timeout = 20")
        with pytest.raises(StorageError, match="another process has been using it for 30 s"):
            ledger.add_outcomes([outcome()], now=AFTERWARDS)
        other.close()
        assert ledger.add_outcomes([outcome(2e-4)], now=AFTERWARDS) == 1


@pytest.mark.parametrize("garbage", [b"garbage" * 900, b"SQLite format 3\0" + b"\xff" * 8000])
def test_a_damaged_file_is_reported(garbage, tmp_path):
    path = tmp_path / "ledger.db"
    path.write_bytes(garbage)
    for opened in (Ledger.to_read, Ledger.to_write):
        with pytest.raises(LedgerError, match=r"damaged.*restore"):
            opened(path)


def test_a_page_overwritten_in_the_middle_is_reported(tmp_path):
    path = small_ledger(tmp_path / "ledger.db")
    whole = bytearray(path.read_bytes())
    for start_ in range(4096, len(whole), 4096):
        damaged = bytearray(whole)
        damaged[start_ : start_ + 4096] = b"\xa5" * 4096
        path.write_bytes(damaged)
        with pytest.raises(LedgerError, match=r"damaged|tampered"), Ledger.to_read(path) as ledger:
            verify(ledger)


def test_another_database_is_not_a_ledger(tmp_path):
    path = tmp_path / "ledger.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE t (x)")
    other.close()
    for opened in (Ledger.to_read, Ledger.to_write):
        with pytest.raises(LedgerError, match="is empty or not a ledger; if it was one"):
            opened(path)


def test_a_missing_ledger_is_not_created_by_reading(tmp_path):
    path = tmp_path / "ledger.db"
    with pytest.raises(LedgerError, match=r"there is no ledger at .*ledger.db"):
        open_to_read(path, SCHEMA)
    assert not path.exists()


def test_a_folder_that_cannot_be_written_is_reported(tmp_path):
    (tmp_path / "home").write_text("a file")
    with pytest.raises(StorageError, match="cannot write the ledger"):
        Ledger.to_write(tmp_path / "home" / "ledger.db")


def test_what_was_committed_needs_no_clean_end(tmp_path):
    """The file and its log are copied while they are open, as a crash would leave them."""
    with Ledger.to_write(tmp_path / "ledger.db") as ledger:
        ledger.add_forecasts([forecast()], now=EVENING)
        (tmp_path / "crashed").mkdir()
        for file in tmp_path.glob("ledger.db*"):
            (tmp_path / "crashed" / file.name).write_bytes(file.read_bytes())
    (tmp_path / "crashed" / "ledger.db-shm").unlink()
    with Ledger.to_read(tmp_path / "crashed" / "ledger.db") as ledger:
        assert len(ledger.issued(ORIGIN)) == 1
        verify(ledger)
