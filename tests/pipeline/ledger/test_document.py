"""What docs/ledger.md shows is true."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.pipeline.ledger.next_format import NEXT_FORMAT, level_forecast
from tests.pipeline.ledger.samples import DAY, EVENING, small_ledger
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.ledger.schema import COLUMNS

TEXT = (Path(__file__).parents[3] / "docs" / "ledger.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


def test_the_python_of_the_document_recomputes_the_chain_and_finds_a_forgery(tmp_path):
    path = small_ledger(tmp_path / "ledger.db")
    (block,) = blocks("python")
    exec(compile(block, "docs/ledger.md", "exec"), {"path": path})
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DROP TRIGGER outcomes_never_changed")
        connection.execute("UPDATE outcomes SET source_hash = 'other' WHERE seq = 6")
    with pytest.raises(AssertionError, match="row 6 was altered"):
        exec(compile(block, "docs/ledger.md", "exec"), {"path": path})


def test_the_python_of_the_document_recomputes_the_chain_of_a_later_format(tmp_path):
    path = small_ledger(tmp_path / "ledger.db")
    with Ledger.to_write(path, NEXT_FORMAT) as ledger:
        added = [level_forecast(0.9, "a note", ticker="CCC"), level_forecast(1.1, ticker="DDD")]
        assert ledger.add_forecasts(added, now=EVENING + 30 * DAY) == 2
    (block,) = blocks("python")
    exec(compile(block, "docs/ledger.md", "exec"), {"path": path})
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DROP TRIGGER forecasts_never_changed")
        connection.execute("UPDATE forecasts SET note = NULL WHERE seq = 13")
    with pytest.raises(AssertionError, match="row 13 was altered"):
        exec(compile(block, "docs/ledger.md", "exec"), {"path": path})


def test_the_queries_of_the_document_answer(tmp_path):
    forge, of_a_day, too_late = blocks("sql")
    with closing(sqlite3.connect(small_ledger(tmp_path / "ledger.db"))) as connection:
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(forge)
        (row,) = connection.execute(of_a_day).fetchall()
        assert row == ("AAA", 1, "network", 1e-4, pytest.approx(1.1e-4), 1)
        assert connection.execute(too_late).fetchall() == []


def test_the_document_names_every_column():
    for table, columns in COLUMNS.items():
        line = next(line for line in TEXT.splitlines() if line.startswith(f"| `{table}`"))
        named = re.findall(r"\w+", line.replace("(JSON)", "").replace("(raised, cleared)", ""))
        assert [name for name in named[1:] if name != "live"] == list(columns)
