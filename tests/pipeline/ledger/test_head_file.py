"""head.json: a ledger that lost rows is noticed, and errors say what was stored."""

import shutil

import pytest

from tests.pipeline.ledger.samples import AFTERWARDS, har, small_ledger
from volcast.pipeline.errors import LedgerError, StorageError
from volcast.pipeline.home import Home
from volcast.pipeline.ledger.head_file import check_head, write_head
from volcast.pipeline.ledger.ledger import Ledger


@pytest.fixture
def home(tmp_path):
    place = Home(tmp_path)
    with Ledger.to_read(small_ledger(place.ledger)) as ledger:
        write_head(place, ledger.head())
    return place


def test_a_ledger_that_grew_still_has_the_row(home):
    with Ledger.to_write(home.ledger) as ledger:
        ledger.add_forecasts([har()], now=AFTERWARDS)
    check_head(home)


def test_an_older_or_missing_ledger_is_noticed(home, tmp_path):
    older = shutil.copy(home.ledger, tmp_path / "older.db")
    with Ledger.to_write(home.ledger) as ledger:
        ledger.add_forecasts([har()], now=AFTERWARDS)
        write_head(home, ledger.head())
    shutil.copy(older, home.ledger)
    with pytest.raises(LedgerError, match=r"lacks row 13, which was its last; restore"):
        check_head(home)
    home.ledger.unlink()
    with pytest.raises(LedgerError, match="is missing; it had 13 rows"):
        check_head(home)
    home.head.unlink()
    check_head(home)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"seq": "x", "hash": ""}'])
def test_a_damaged_file_is_a_storage_error(text, home):
    home.head.write_text(text)
    with pytest.raises(StorageError, match=r"head\.json, which names .* last row, is damaged"):
        check_head(home)


def test_a_file_that_cannot_be_written_or_read_is_a_storage_error(home, tmp_path):
    with Ledger.to_read(home.ledger) as ledger, pytest.raises(StorageError, match="was not stored"):
        write_head(Home(tmp_path / "missing"), ledger.head())
    home.head.unlink()
    home.head.mkdir()
    with pytest.raises(StorageError, match=r"cannot read .*head\.json, which names"):
        check_head(home)
