import sqlite3
import subprocess
import sys
import threading

import pytest

from tests.pipeline.ledger.samples import small_ledger
from volcast.pipeline.errors import LedgerError, StorageError
from volcast.pipeline.serve.reading.ledger_reader import LedgerReader


def test_nothing_can_be_written(home):
    with (
        pytest.raises(StorageError, match="it is read-only"),
        LedgerReader(home.ledger).snapshot() as connection,
    ):
        connection.execute("INSERT INTO chain VALUES (1, 'alerts', 'x')")


def test_a_missing_ledger_is_read_once_it_is_there(tmp_path):
    reader = LedgerReader(tmp_path / "ledger.db")
    with pytest.raises(LedgerError, match="there is no ledger"):
        reader.head()
    small_ledger(reader.path)
    assert reader.head().seq == 12


def test_a_ledger_that_was_replaced_is_opened_again(tmp_path):
    reader = LedgerReader(small_ledger(tmp_path / "ledger.db"))
    assert reader.head().seq == 12
    reader.path.unlink()
    with pytest.raises(LedgerError, match="there is no ledger"):
        reader.head()
    small_ledger(tmp_path / "other.db").rename(reader.path)
    assert reader.head().seq == 12


def test_each_thread_has_its_own_connection(home):
    reader = LedgerReader(home.ledger)
    found: list[sqlite3.Connection] = []

    def read() -> None:
        with reader.snapshot() as connection, reader.snapshot() as same:
            assert connection is same
            found.append(connection)

    for thread in [threading.Thread(target=read) for _ in range(3)]:
        thread.start()
        thread.join()
    assert len({id(each) for each in found}) == 3


def test_a_ledger_at_rest_is_read_where_nothing_can_be_written(tmp_path):
    path = small_ledger(tmp_path / "ledger.db")
    code = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from volcast.pipeline.serve.reading.ledger_reader import LedgerReader\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # as on a full disk\n"
        "print(LedgerReader(Path(sys.argv[1])).head().seq)\n"
    )
    answer = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True)
    assert answer.stdout == "12\n", answer.stderr


def test_a_damaged_file_is_named(tmp_path):
    path = tmp_path / "ledger.db"
    path.write_bytes(b"nothing of SQLite" * 100)
    with pytest.raises(LedgerError, match=r"ledger\.db"):
        LedgerReader(path).head()
