"""Reading part of a table gives the same rows as reading all of it and selecting them."""

import datetime as dt

import pandas as pd
import pytest

from tests.pipeline.ledger.samples import long_ledger
from volcast.pipeline.ledger import queries
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.ledger.queries import RowFilter

CELL = ["origin", "ticker", "horizon"]


@pytest.fixture(scope="module")
def ledger(tmp_path_factory):
    path = tmp_path_factory.mktemp("ledger") / "ledger.db"
    long_ledger(path, count=30, tickers=("AAA", "BBB"))
    with Ledger.to_read(path) as opened:
        yield opened


@pytest.fixture(scope="module")
def whole(ledger):
    return ledger.table("scored")


DAY = dt.date(2016, 1, 20)
PARTS = {
    "since": (RowFilter(since=DAY), lambda t: t["origin"] >= pd.Timestamp(DAY)),
    "origin": (RowFilter(origin=DAY), lambda t: t["origin"] == pd.Timestamp(DAY)),
    "ended": (RowFilter(ended_after=DAY), lambda t: t["target_end"] > pd.Timestamp(DAY)),
    "horizon": (RowFilter(horizon=1), lambda t: t["horizon"] == 1),
    "role": (RowFilter(role="champion"), lambda t: t["role"] == "champion"),
    "tickers": (RowFilter(tickers=("BBB", "CCC")), lambda t: t["ticker"] == "BBB"),
    "newest": (RowFilter(newest=7), lambda t: t.index >= len(t) - 7),
    "two": (
        RowFilter(since=DAY, role="fallback"),
        lambda t: (t["origin"] >= pd.Timestamp(DAY)) & (t["role"] == "fallback"),
    ),
}


@pytest.mark.parametrize("name", PARTS)
def test_a_filter_selects_rows_of_the_table(name, ledger, whole):
    only, rule = PARTS[name]
    expected = whole[rule(whole)].reset_index(drop=True)
    assert len(expected) > 0 and (name == "horizon" or len(expected) < len(whole))
    pd.testing.assert_frame_equal(ledger.table("scored", only), expected)


def test_columns_can_be_chosen(ledger, whole):
    columns = ["origin", "realized", "live"]
    pd.testing.assert_frame_equal(ledger.table("scored", columns=columns), whole[columns])


def test_blocks_make_up_the_table(ledger, whole, monkeypatch):
    monkeypatch.setattr(queries, "BLOCK", 7)
    blocks = list(ledger.iter_blocks("scored"))
    assert len(blocks) == -(-len(whole) // 7)
    pd.testing.assert_frame_equal(pd.concat(blocks, ignore_index=True), whole)


def test_the_last_origin_is_the_latest_of_all_forecasts(ledger, whole):
    assert pd.Timestamp(ledger.last_origin()) == whole["origin"].max()


def test_a_ledger_without_forecasts_has_no_last_origin(tmp_path):
    with Ledger.to_write(tmp_path / "ledger.db") as empty:
        assert empty.last_origin() is None
