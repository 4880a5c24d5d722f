import datetime as dt
import math
import sqlite3

import pytest

from tests.pipeline.ledger.samples import DAY, EVENING, forecast, har, outcome, sessions
from volcast.pipeline.ledger import scoring
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.serve.reading.ledger_reader import LedgerReader
from volcast.pipeline.serve.reading.scores import read_scores

COLUMNS = ("rows", "qlike", "ratio_to_har", "coverage", "level_ratio", "beyond")


def write_uneven_ledger(path):
    """Levels, short histories, missing and late forecasts, and a champion that changes."""
    with Ledger.to_write(path) as ledger:
        for number, day in enumerate(sessions(dt.date(2016, 1, 4), 12)):
            now = dt.datetime.combine(day, EVENING.timetz())
            rows, outcomes = [], []
            for place, ticker in enumerate(("AAA", "BBB", "CCC")):
                first = number < 6 or ticker == "CCC"
                named = {"ticker": ticker, "short_history": ticker == "BBB" and number < 3}
                if number >= 3:
                    named["interval_level"] = 0.8 if number < 6 else 0.9
                rows.append(
                    har(
                        1e-4 * (1 + place),
                        day,
                        role="champion" if first else "fallback",
                        level_factor=1.1,
                        **named,
                    )
                )
                if not first:
                    rows.append(forecast(1.2e-4, day, level_factor=1.3, **named))
                if number != 4:
                    back = math.nan if place == 2 else 0.002 * number
                    outcomes.append(
                        outcome(1e-4 + 1e-5 * number, day, ticker=ticker, log_return=back)
                    )
            late = now + 3 * DAY if number == 11 else now
            ledger.add_forecasts(rows, now=late)
            ledger.add_outcomes(outcomes, now=late + DAY)
    return path


@pytest.fixture(scope="module")
def uneven(tmp_path_factory):
    return write_uneven_ledger(tmp_path_factory.mktemp("uneven") / "ledger.db")


@pytest.mark.parametrize("name", ["even", "uneven"])
def test_scores_are_those_of_the_ledger(name, home, uneven):
    path = home.ledger if name == "even" else uneven
    with Ledger.to_read(path) as ledger:
        expected = scoring.live_scores(scoring.scored_rows(ledger), {}).set_index("series")
    with LedgerReader(path).snapshot() as connection:
        found = read_scores(connection)
    assert {row["series"] for row in found} == set(expected.index)
    assert found[0]["series"] == "issued"
    for row in found:
        known = expected.loc[row["series"]]
        assert (row["first"], row["last"]) == (f"{known['first']:%F}", f"{known['last']:%F}")
        for column in COLUMNS:
            value = math.nan if row[column] is None else row[column]
            assert value == pytest.approx(known[column], rel=1e-9, nan_ok=True), column


def test_before_the_first_outcome_of_a_new_level_no_coverage_is_known(tmp_path):
    first, last = sessions(dt.date(2018, 1, 3), 2)
    with Ledger.to_write(tmp_path / "ledger.db") as ledger:
        for day, level in ((first, 0.8), (last, 0.9)):
            now = dt.datetime.combine(day, EVENING.timetz())
            vintage = now - dt.timedelta(hours=1)
            made = forecast(1e-4, day, interval_level=level, data_vintage=vintage)
            ledger.add_forecasts([made], now=now)
        ledger.add_outcomes([outcome(1.1e-4, first)], now=now)
        scores = scoring.live_scores(scoring.scored_rows(ledger), {})
    with LedgerReader(tmp_path / "ledger.db").snapshot() as connection:
        assert [row["coverage"] for row in read_scores(connection)] == [None, None]
    assert scores["coverage"].isna().all() and (scores["rows"] == 1).all()


def test_scores_of_a_ticker_and_of_the_last_sessions_only(home):
    with LedgerReader(home.ledger).snapshot() as connection:
        issued = read_scores(connection, sessions=5, ticker="AAA")[0]
        nothing = read_scores(connection, ticker="ZZZ")
    assert (issued["rows"], issued["last"]) == (5, "2016-02-16")
    assert nothing == []


def test_scores_need_no_mathematical_functions_of_sqlite(home):
    """They are an option of SQLite's build that some distributions leave out."""
    optional = {"sqrt", "pow", "power", "exp", "log", "log2", "log10", "floor", "ceil", "ceiling"}

    def refuse(action, _, function, *__):
        refused = action == sqlite3.SQLITE_FUNCTION and function.lower() in optional
        return sqlite3.SQLITE_DENY if refused else sqlite3.SQLITE_OK

    with LedgerReader(home.ledger).snapshot() as connection:
        connection.set_authorizer(refuse)
        assert read_scores(connection)
        with pytest.raises(sqlite3.DatabaseError, match="sqrt"):
            connection.execute("SELECT sqrt(2.0)")
