"""The chain: any row that is altered, removed or inserted without volcast is found and named."""

import datetime as dt
import hashlib
import json
import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.pipeline.ledger.samples import EVENING, KINDS, forecast, har, small_ledger
from volcast.pipeline.errors import LedgerError
from volcast.pipeline.ledger import chain
from volcast.pipeline.ledger.chain import GENESIS
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.ledger.schema import COLUMNS, SCHEMA
from volcast.pipeline.ledger.verify import verify

ROWS = 12
FIRST_COLUMNS = {name: [*table.columns] for name, table in SCHEMA.at_format(1).tables.items()}
HOUR = dt.timedelta(hours=1)
CELLS = [(kind, column) for kind in KINDS for column in ("seq", *COLUMNS[kind])]
CELLS += [("chain", "seq"), ("chain", "kind"), ("chain", "hash")]


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    return small_ledger(tmp_path_factory.mktemp("ledger") / "ledger.db")


@pytest.fixture
def copied(original, tmp_path):
    return Path(shutil.copy(original, tmp_path / "ledger.db"))


def proven(path):
    with Ledger.to_read(path) as ledger:
        return verify(ledger)


def forge(path, *statements):
    """Change the file as someone does who knows SQL: without triggers, rules and references."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        kept = triggers.fetchall()
        for name, _ in kept:
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("PRAGMA ignore_check_constraints = ON")
        for statement in statements:
            connection.execute(*((statement,) if isinstance(statement, str) else statement))
        for _, sql in kept:
            connection.execute(sql)


def test_the_chain_can_be_recomputed_with_the_standard_library_alone(original):
    with closing(sqlite3.connect(original)) as connection:
        hashes, previous = [], hashlib.sha256(b"volcast ledger 1").hexdigest()
        assert previous == GENESIS
        for seq, kind, stored in connection.execute("SELECT seq, kind, hash FROM chain").fetchall():
            columns = ", ".join(COLUMNS[kind])
            row = connection.execute(f"SELECT {columns} FROM {kind} WHERE seq = ?", (seq,))
            values, first = row.fetchone(), len(FIRST_COLUMNS[kind])
            later = zip(COLUMNS[kind][first:], values[first:], strict=True)
            covered = [*values[:first], *(pair for pair in later if pair[1] is not None)]
            text = json.dumps([previous, seq, kind, *covered], separators=(",", ":"))
            previous = hashlib.sha256(text.encode()).hexdigest()
            hashes.append(previous)
            assert stored == previous
    proof = proven(original)
    assert proof.rows == dict.fromkeys(KINDS, 3)
    assert (proof.head.seq, proof.head.hash) == (ROWS, hashes[-1])


def test_every_column_is_covered_by_the_hash(original):
    """But for `live`, which SQLite derives and nobody can write."""
    with closing(sqlite3.connect(original)) as connection:
        for kind in KINDS:
            names = [row[1] for row in connection.execute(f"PRAGMA table_info({kind})")]
            assert names == ["seq", *COLUMNS[kind]]


@pytest.mark.parametrize(("kind", "column"), CELLS)
@settings(max_examples=6)
@given(row=st.integers(0, 2), data=st.data())
def test_an_altered_value_is_found_and_its_row_named(kind, column, row, data, original):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(shutil.copy(original, Path(folder) / "ledger.db"))
        with closing(sqlite3.connect(path)) as connection:
            seqs = [each[0] for each in connection.execute(f"SELECT seq FROM {kind} ORDER BY seq")]
            query = f"SELECT {column}, typeof({column}) FROM {kind} WHERE seq = ?"
            value, stored_as = connection.execute(query, (seqs[row],)).fetchone()
        forged = data.draw(FORGERIES[stored_as])
        assume(forged != value)
        assume(column != "seq" or forged not in seqs)
        change = f"UPDATE {kind} SET {column} = ? WHERE seq = ?"
        try:
            forge(path, (change, (forged, seqs[row])))
        except sqlite3.IntegrityError:
            assume(False)  # not even the file takes it: a second row of the same key
        with pytest.raises(LedgerError, match="was tampered with") as complaint:
            proven(path)
        named = min(seqs[row], forged) if column == "seq" and forged > 0 else seqs[row]
        if column != "seq":
            assert f"row {named}, " in str(complaint.value), complaint.value


FORGERIES = {
    "integer": st.integers(-5, 2**40),
    "real": st.floats(allow_nan=False, allow_infinity=False),
    "text": st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12),
    "null": st.sampled_from([1, 2]),  # a number is stored in a column of any type
}


@pytest.mark.parametrize("kind", ["lower", "upper"])
def test_a_bound_cannot_be_made_unknown(kind, copied):
    forge(copied, f"UPDATE forecasts SET {kind} = NULL WHERE seq = 1")
    with pytest.raises(LedgerError, match="row 1, the forecast of network 2 for AAA"):
        proven(copied)


def test_the_last_digit_of_a_variance_is_enough(copied):
    forge(copied, "UPDATE forecasts SET variance = variance * (1 + 2.5e-16) WHERE seq = 5")
    with pytest.raises(LedgerError, match="row 5, the forecast"):
        proven(copied)


@pytest.mark.parametrize("seq", range(1, ROWS + 1))
def test_a_removed_row_is_found(seq, copied, tmp_path):
    kind = KINDS[(seq - 1) % 4]
    forge(copied, f"DELETE FROM {kind} WHERE seq = {seq}")
    with pytest.raises(LedgerError, match=f"row {seq}, of {kind}, was removed"):
        proven(copied)
    forge(copied, f"DELETE FROM chain WHERE seq = {seq}")
    with pytest.raises(LedgerError, match=rf"rows? {seq}( to 12)? (was|were) removed"):
        proven(copied)


def test_rows_removed_from_the_end_with_their_links_are_found(copied):
    forge(
        copied,
        "DELETE FROM chain WHERE seq > 8",
        *(f"DELETE FROM {k} WHERE seq > 8" for k in KINDS),
    )
    with pytest.raises(LedgerError, match="rows 9 to 12 were removed from the end"):
        proven(copied)


def test_an_inserted_row_is_found_with_a_link_and_without(copied):
    columns = ", ".join(COLUMNS["outcomes"])
    values = f"SELECT 13, {columns} FROM outcomes WHERE seq = 2"
    forge(copied, f"INSERT INTO outcomes (seq, {columns}) {values}")
    with pytest.raises(LedgerError, match="row 13, of outcomes, was inserted outside the chain"):
        proven(copied)
    forge(copied, "INSERT INTO chain VALUES (13, 'outcomes', hex(zeroblob(32)))")
    with pytest.raises(LedgerError, match="row 13, the outcome for AAA, origin 2018-01-03"):
        proven(copied)


def test_two_swapped_rows_are_found(copied):
    forge(
        copied,
        "UPDATE decisions SET seq = 100 WHERE seq = 3",
        "UPDATE decisions SET seq = 3 WHERE seq = 7",
        "UPDATE decisions SET seq = 7 WHERE seq = 100",
    )
    with pytest.raises(LedgerError, match="row 3, the decision 'gate 2018-01-04'"):
        proven(copied)


def test_a_rewritten_ledger_is_found_by_a_hash_kept_elsewhere_alone(original, tmp_path):
    noted = proven(original).head.hash
    with Ledger.to_write(tmp_path / "anew.db") as ledger:
        ledger.add_forecasts([forecast(9e-4)], now=EVENING)
        assert verify(ledger).head.seq == 1
        with pytest.raises(LedgerError, match="was rewritten: no row has the hash"):
            verify(ledger, head=noted)
    with Ledger.to_write(original) as ledger:
        assert verify(ledger, head=noted).head.hash == noted


@pytest.mark.parametrize("name", ["forecasts_never_changed", "chain_never_removed"])
def test_a_missing_trigger_is_found(name, copied):
    with closing(sqlite3.connect(copied)) as connection:
        connection.execute(f"DROP TRIGGER {name}")
    with pytest.raises(LedgerError, match=f"CREATE TRIGGER {name}"):
        proven(copied)


def test_a_row_that_claims_to_be_older_than_the_last_is_found(original, tmp_path):
    """Someone who writes through the chain cannot date a forecast back either."""
    path = Path(shutil.copy(original, tmp_path / "ledger.db"))
    with Ledger.to_write(path) as ledger:
        table = SCHEMA.tables["forecasts"]
        row = table.encode(har(), deadline=EVENING, written_at=EVENING - HOUR)
        chain.append_row(ledger.connection, table, row, ledger.head())
        with pytest.raises(LedgerError, match=r"row 13, .* is dated earlier than the previous row"):
            verify(ledger)
