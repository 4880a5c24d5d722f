import datetime as dt

import pytest

from tests.pipeline.ledger.samples import AFTERWARDS, DAY, EVENING, outcome, small_ledger
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.serve.reading import origin_rows
from volcast.pipeline.serve.reading.ledger_reader import LedgerReader
from volcast.pipeline.serve.reading.origin_rows import (
    FORECASTS,
    OUTCOMES,
    OriginFilter,
    read_page,
)
from volcast.pipeline.serve.reading.sequence_rows import read_open_alerts, read_sequence_page


def read_all(home, table, chosen, limit):
    pages, cursor = [], None
    with LedgerReader(home.ledger).snapshot() as connection:
        while True:
            page = read_page(connection, table, chosen, limit, cursor)
            pages.append(page.rows)
            cursor = page.next
            if cursor is None:
                return pages


@pytest.mark.parametrize("limit", [1, 7, 1000])
def test_pages_hold_every_forecast_once_the_newest_origin_first(home, limit):
    rows = [row for page in read_all(home, FORECASTS, OriginFilter(), limit) for row in page]
    with Ledger.to_read(home.ledger) as ledger:
        expected = ledger.table("scored")
    assert sorted(row["seq"] for row in rows) == expected["seq"].tolist()
    keys = [(row["ticker"], row["horizon"], row["model"]) for row in rows]
    origins = [row["origin"] for row in rows]
    assert origins == sorted(origins, reverse=True)
    assert keys[:4] == sorted(keys[:4])


def test_a_forecast_has_the_outcome_of_the_view(home):
    (rows,) = read_all(home, FORECASTS, OriginFilter(ticker="BBB"), 1000)
    with Ledger.to_read(home.ledger) as ledger:
        expected = ledger.table("scored").set_index("seq")["realized"]
    assert {row["seq"]: row["realized"] for row in rows} == {
        row["seq"]: expected[row["seq"]] for row in rows
    }


def test_filters_select(home):
    day = dt.date(2016, 1, 6)
    chosen = OriginFilter("AAA", 1, "champion", day, day)
    ((row,),) = read_all(home, FORECASTS, chosen, 10)
    assert (row["ticker"], row["model"], row["origin"]) == ("AAA", "network", "2016-01-06")
    (rows,) = read_all(home, OUTCOMES, OriginFilter(ticker="AAA", last=day), 10)
    assert [row["origin"] for row in rows] == ["2016-01-06", "2016-01-05", "2016-01-04"]
    assert read_all(home, OUTCOMES, OriginFilter(horizon=5), 10) == [[]]


def test_a_page_that_has_read_enough_origins_ends_and_goes_on(home, monkeypatch):
    monkeypatch.setattr(origin_rows, "MAXIMUM_ORIGINS", 4)
    monkeypatch.setattr(origin_rows, "ORIGINS_AT_ONCE", 1)
    pages = read_all(home, OUTCOMES, OriginFilter(ticker="AAA"), 1000)
    assert [len(page) for page in pages] == [4] * 7 + [2]


def test_nothing_is_known_before_it_was_written(tmp_path):
    path = small_ledger(tmp_path / "ledger.db")
    with Ledger.to_write(path) as ledger:
        ledger.add_outcomes([outcome(9e-4)], now=AFTERWARDS)

    def read(moment):
        with LedgerReader(path).snapshot() as connection:
            chosen = OriginFilter(as_of=moment)
            rows = read_page(connection, FORECASTS, chosen, 10).rows
        return [(row["origin"][-2:], row["realized"]) for row in rows]

    second = dt.timedelta(seconds=1)
    assert read(EVENING - second) == []
    assert read(EVENING) == [("03", None)]
    assert read(EVENING + DAY) == [("04", None), ("03", pytest.approx(1.1e-4))]
    assert read(AFTERWARDS)[-1] == ("03", pytest.approx(9e-4))


def test_decisions_and_alerts_come_newest_first(tmp_path):
    reader = LedgerReader(small_ledger(tmp_path / "ledger.db"))
    with reader.snapshot() as connection:
        page = read_sequence_page(connection, "decisions", {"action": "keep"}, 2)
        rest = read_sequence_page(connection, "decisions", {"action": None}, 2, page.next)
        assert [row["numbers"] for row in (*page.rows, *rest.rows)] == [
            '{"p":2.5}',
            '{"p":1.5}',
            '{"p":0.5}',
        ]
        assert rest.next is None
        assert [row["state"] for row in read_open_alerts(connection)] == ["raised"]


@pytest.mark.parametrize("cursor", ["", "x", "WzFd", "W10", "bnVsbA", "WyJvdXRjb21lcyIsMV0"])
def test_a_cursor_of_somebody_else_is_refused(home, cursor):
    with (
        LedgerReader(home.ledger).snapshot() as connection,
        pytest.raises(ValueError, match="it "),
    ):
        read_page(connection, FORECASTS, OriginFilter(), 10, cursor)
