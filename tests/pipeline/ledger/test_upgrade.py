"""Ledgers of earlier formats: real old files, upgraded in place, read as they are."""

import hashlib
import json
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import pytest

from tests.pipeline.ledger.formats.generate import EXPORT, GOLDEN, write_ledger
from tests.pipeline.ledger.next_format import NEXT_FORMAT, RECORDS, level_forecast
from tests.pipeline.ledger.samples import DAY, EVENING, ORIGIN, forecast, outcome
from volcast.pipeline.errors import LedgerError
from volcast.pipeline.ledger import queries
from volcast.pipeline.ledger.chain import GENESIS, Head
from volcast.pipeline.ledger.columns import Column
from volcast.pipeline.ledger.export import iter_csv, write_export
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.ledger.records import OutcomeRow
from volcast.pipeline.ledger.schema import SCHEMA, build_schema
from volcast.pipeline.ledger.verify import verify

GOLDEN_HEAD = Head(12, "693c44c5e13d8eed142352b683716fac1a1b6c4f6d69617bc0cf1466a20ad9c8")
LATER = EVENING + 30 * DAY
PATIENCE = 120  # seconds


@pytest.fixture
def golden(tmp_path):
    """A copy of the ledger that the first code of format 1 wrote."""
    return Path(shutil.copy(GOLDEN, tmp_path / "ledger.db"))


@pytest.fixture
def mixed(golden):
    """The golden ledger, upgraded, with forecasts that have a level, a note, or neither."""
    with Ledger.to_write(golden, NEXT_FORMAT) as ledger:
        added = [
            level_forecast(0.9, ticker="CCC"),
            level_forecast(1.1, "Ä note", ticker="DDD"),
            level_forecast(float("nan"), ticker="EEE"),
        ]
        assert ledger.add_forecasts(added, now=LATER) == 3
        assert ledger.add_outcomes([outcome(2e-4, ticker="CCC")], now=LATER + DAY) == 1
    return golden


def stored_sql(path):
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT sql FROM sqlite_master WHERE sql NOT NULL")
        return {row[0] for row in rows}


def stored_format(path):
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("PRAGMA user_version").fetchone()[0]


def links(path):
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT seq, kind, hash FROM chain ORDER BY seq").fetchall()


def verified(path, schema=SCHEMA):
    with Ledger.to_read(path, schema) as ledger:
        return verify(ledger)


def test_the_golden_ledger_verifies_and_is_exported_as_it_was(golden):
    result = verified(golden)
    assert result.head == GOLDEN_HEAD
    assert result.rows == {"forecasts": 5, "outcomes": 3, "decisions": 2, "alerts": 2}
    with Ledger.to_read(golden, SCHEMA.at_format(1)) as ledger:
        assert "".join(iter_csv(ledger.iter_blocks("scored"))) == EXPORT.read_text("utf-8")


def test_the_golden_ledger_is_opened_to_be_written_with_the_same_chain(golden):
    before = links(golden)
    with Ledger.to_write(golden) as ledger:
        assert ledger.add_forecasts([forecast(ticker="CCC")], now=LATER) == 1
    assert links(golden)[:-1] == before
    assert verified(golden).head.seq == GOLDEN_HEAD.seq + 1


def test_format_1_is_written_as_it_was(tmp_path):
    again = write_ledger(tmp_path)
    assert links(again) == links(GOLDEN)
    assert stored_sql(again) == stored_sql(GOLDEN)
    assert (tmp_path / EXPORT.name).read_text("utf-8") == EXPORT.read_text("utf-8")


def test_an_upgraded_ledger_has_the_same_chain_and_the_new_columns(golden):
    before, other = links(golden), "CREATE VIEW own AS SELECT max(variance) FROM forecasts"
    with closing(sqlite3.connect(golden)) as connection:
        connection.execute(other)
    Ledger.to_write(golden, NEXT_FORMAT).close()
    assert links(golden) == before
    assert verified(golden, NEXT_FORMAT).head == GOLDEN_HEAD
    first = SCHEMA.at_format(1)
    replaced = {first.create_view, *(table.create for table in first.tables.values())}
    kept = set(stored_sql(GOLDEN)) - replaced
    assert stored_sql(golden) == {*NEXT_FORMAT.statements, other, *kept}
    assert stored_format(golden) == NEXT_FORMAT.format
    with closing(sqlite3.connect(golden)) as connection:
        assert connection.execute("SELECT * FROM own").fetchone() == (0.1 + 0.2,)
        names = [row[1] for row in connection.execute("PRAGMA table_info(forecasts)")]
        assert names[-2:] == ["level", "note"]
        with pytest.raises(sqlite3.IntegrityError, match="the ledger is append-only"):
            connection.execute("UPDATE forecasts SET level = 1")


def test_an_upgraded_ledger_is_opened_again_without_another_upgrade(mixed):
    before = links(mixed)
    with Ledger.to_write(mixed, NEXT_FORMAT) as ledger:
        assert ledger.add_forecasts([level_forecast(0.9, ticker="CCC")], now=LATER) == 0
    assert links(mixed) == before


def test_rows_of_both_formats_are_in_one_chain_by_the_rule_of_the_document(mixed):
    columns = {name: list(table.columns) for name, table in SCHEMA.at_format(1).tables.items()}
    previous = GENESIS
    with closing(sqlite3.connect(mixed)) as connection:
        connection.row_factory = sqlite3.Row
        for seq, kind, stored in links(mixed):
            row = connection.execute(f"SELECT * FROM {kind} WHERE seq = ?", (seq,)).fetchone()
            values = [row[name] for name in columns[kind]]
            for name in ("held", "short_history", "level", "note") if kind == "forecasts" else ():
                values += [[name, row[name]]] if row[name] is not None else []
            text = json.dumps([previous, seq, kind, *values], separators=(",", ":"))
            previous = hashlib.sha256(text.encode()).hexdigest()
            assert stored == previous
    assert verified(mixed, NEXT_FORMAT).head == Head(16, previous)


@pytest.mark.parametrize(
    ("seq", "change"),
    [
        (1, "level = 0.9"),  # of a row that was written before the column was added
        (13, "level = NULL"),
        (13, "level = 0.91"),
        (13, "note = 'forged'"),
        (14, "note = NULL"),
        (14, "level = NULL, note = NULL"),
        (15, "level = 0.9"),
    ],
)
def test_an_altered_value_of_a_later_column_is_found(seq, change, mixed):
    with closing(sqlite3.connect(mixed)) as connection, connection:
        connection.execute("DROP TRIGGER forecasts_never_changed")
        connection.execute(f"UPDATE forecasts SET {change} WHERE seq = {seq}")
    with pytest.raises(LedgerError, match=f"was tampered with: row {seq}, the forecast"):
        verified(mixed, NEXT_FORMAT)


def test_a_missing_trigger_of_an_upgraded_ledger_is_found(mixed):
    with closing(sqlite3.connect(mixed)) as connection:
        connection.execute("DROP TRIGGER forecasts_never_changed")
    with pytest.raises(LedgerError, match="CREATE TRIGGER forecasts_never_changed"):
        verified(mixed, NEXT_FORMAT)


def test_an_earlier_format_is_read_without_being_upgraded(golden):
    before = golden.read_bytes()
    with Ledger.to_read(golden, NEXT_FORMAT) as ledger:
        assert verify(ledger).head == GOLDEN_HEAD
        for name in ("forecasts", "scored"):
            frame = ledger.table(name)
            assert frame["level"].isna().all() and frame["level"].dtype == "float64"
            assert frame["note"].isna().all() and len(frame) == 5
        rows = list(ledger.forecast_rows())
        assert np.isnan([row.level for row in rows]).all() and rows[0].note is None
        assert ledger.table("scored", columns=["realized", "level"])["realized"].notna().sum() == 2
        assert len(ledger.issued(ORIGIN)) == 3
        assert ledger.last_origin() == ORIGIN + DAY
        assert [each.key for each in ledger.decisions()] == ["promote 1", "gate 1"]
        assert ledger.open_alerts().empty
    assert golden.read_bytes() == before


def test_tampering_is_found_in_an_earlier_format_that_is_only_read(golden):
    with closing(sqlite3.connect(golden)) as connection, connection:
        connection.execute("DROP TRIGGER forecasts_never_changed")
        connection.execute("UPDATE forecasts SET variance = 1 WHERE seq = 3")
    with pytest.raises(LedgerError, match="row 3, the forecast of network 2 for BTC-USD"):
        verified(golden, NEXT_FORMAT)


def test_values_of_a_later_column_are_read_and_exported(mixed, tmp_path, monkeypatch):
    with Ledger.to_read(mixed, NEXT_FORMAT) as ledger:
        row = next(row for row in ledger.forecast_rows() if row.ticker == "DDD")
        assert (row.level, row.note) == (1.1, "Ä note")
        whole = ledger.table("scored")
        monkeypatch.setattr(queries, "BLOCK", 5)  # the first block has rows of format 1 only
        text = "".join(iter_csv(ledger.iter_blocks("scored")))
        write_export(tmp_path / "all.parquet", ledger.iter_blocks("scored"), "parquet")
    known = whole.set_index("ticker").loc[["CCC", "DDD", "EEE"], ["level", "note"]]
    assert known["level"].tolist()[:2] == [0.9, 1.1] and np.isnan(known["level"]["EEE"])
    assert known["note"].isna().tolist() == [True, False, True]
    assert [line for line in text.splitlines() if ",0.9,," in line and ",CCC," in line]
    assert [line for line in text.splitlines() if ",1.1,Ä note," in line]
    exported = pd.read_parquet(tmp_path / "all.parquet")
    assert exported["level"].equals(whole["level"]) and exported["note"][6] == "Ä note"
    assert exported["note"].isna().sum() == 7


def test_a_forecast_written_before_the_upgrade_is_not_written_again_with_a_level(mixed):
    with Ledger.to_write(mixed, NEXT_FORMAT) as ledger:
        same = level_forecast(0.9, variance=2e-4, ticker="BTC-USD", calendar="24/7")
        same = type(same)(**vars(same) | {"lower": float("nan"), "upper": float("nan")})
        assert ledger.add_forecasts([same], now=LATER) == 0
        with pytest.raises(LedgerError, match=r"is in the ledger with level 0\.9, not 0\.8"):
            ledger.add_forecasts([level_forecast(0.8, ticker="CCC")], now=LATER)
        with pytest.raises(LedgerError, match="CHECK constraint failed"):
            ledger.add_forecasts([level_forecast(-1.0, ticker="FFF")], now=LATER)


def test_a_later_format_is_refused_and_left_as_it_is(mixed):
    before = mixed.read_bytes()
    refused = f"has format {NEXT_FORMAT.format}, but .* formats up to 1; update"
    for opened in (Ledger.to_read, Ledger.to_write):
        with pytest.raises(LedgerError, match=refused):
            opened(mixed, SCHEMA.at_format(1))
    assert mixed.read_bytes() == before


@pytest.mark.parametrize("name", ["TRIGGER forecasts_never_changed", "INDEX one_champion"])
def test_a_ledger_that_was_tampered_with_is_not_upgraded(name, golden):
    with closing(sqlite3.connect(golden)) as connection:
        connection.execute(f"DROP {name}")
    before = stored_sql(golden)
    with pytest.raises(LedgerError, match=r"was tampered with \(CREATE .* and is not upgraded"):
        Ledger.to_write(golden, NEXT_FORMAT)
    assert stored_sql(golden) == before


def test_an_upgrade_killed_at_any_statement_leaves_the_old_ledger_or_the_new_one(golden, tmp_path):
    folder = tmp_path / "killed"
    folder.mkdir()
    command = [sys.executable, "-m", "tests.pipeline.ledger.upgrader", golden, folder]
    subprocess.run(command, check=True, timeout=PATIENCE)
    killed = sorted(folder.glob("[0-9]*.db"), key=lambda path: int(path.stem))
    formats = [stored_format(path) for path in killed]
    assert formats == sorted(formats) and set(formats) == {1, NEXT_FORMAT.format}
    assert formats.count(1) > len(NEXT_FORMAT.statements)
    for path in killed:
        assert verified(path, NEXT_FORMAT).head == GOLDEN_HEAD
        Ledger.to_write(path, NEXT_FORMAT).close()
        assert verified(path, NEXT_FORMAT).head == GOLDEN_HEAD
        assert stored_sql(path) >= set(NEXT_FORMAT.statements)
    assert verified(folder / "done.db", NEXT_FORMAT).head == GOLDEN_HEAD


def test_a_column_without_the_format_that_adds_it_is_refused():
    @dataclass(frozen=True)
    class Row(OutcomeRow):
        extra: Annotated[int, Column("integer")] = 0

    globals()["Row"] = Row
    with pytest.raises(ValueError, match=r"Row declares extra, which format 1 .* did not have"):
        build_schema(RECORDS | {"outcomes": Row})
