"""What may be written, and that it is never changed."""

import datetime as dt
import math
import sqlite3
from contextlib import closing, nullcontext

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.pipeline.ledger.samples import (
    DAY,
    EVENING,
    KINDS,
    ORIGIN,
    forecast,
    har,
    outcome,
    small_ledger,
)
from volcast.pipeline.errors import LedgerError
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.ledger.records import Decision
from volcast.pipeline.ledger.schema import COLUMNS
from volcast.pipeline.ledger.verify import verify
from volcast.pipeline.ledger.write_checks import CLOCK_CORRECTION


@pytest.fixture
def ledger(tmp_path):
    with Ledger.to_write(tmp_path / "home" / "ledger.db") as opened:
        yield opened


def test_a_forecast_comes_back_as_it_was_written(ledger):
    written = forecast(1.2345678901234567e-4, clipped=True, lower=math.nan, upper=math.nan)
    assert ledger.add_forecasts([written, har(fallback=True)], now=EVENING) == 2
    row = ledger.table("scored").iloc[0]
    assert row["variance"] == 1.2345678901234567e-4
    assert row["origin"] == pd.Timestamp("2018-01-03")
    assert row["target_start"] == row["target_end"] == pd.Timestamp("2018-01-04")
    assert row["written_at"] == pd.Timestamp(EVENING)
    assert (row["clipped"], row["fallback"], row["outcome_rows"]) == (True, False, 0)
    assert np.isnan(row[["lower", "upper", "realized", "log_return"]].astype(float)).all()
    read = list(ledger.forecast_rows())
    assert [each.model for each in read] == ["har", "network"]
    for name in ("origin", "target_end", "horizon", "data_vintage", "variance", "role", "clipped"):
        assert getattr(read[1], name) == getattr(written, name)


def test_the_same_forecast_twice_changes_nothing(ledger):
    assert ledger.add_forecasts([forecast(), har()], now=EVENING) == 2
    before = ledger.head()
    later = forecast(role="challenger", data_vintage=EVENING)
    assert ledger.add_forecasts([later, har(), har()], now=EVENING + DAY) == 0
    assert ledger.head() == before
    assert list(ledger.table("forecasts")["role"]) == ["champion", "fallback"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("variance", 1e-4 * (1 + 2.5e-16)),
        ("lower", 0.4e-4),
        ("upper", math.nan),
        ("clipped", True),
        ("data_hash", "other"),
        ("config_hash", "other"),
        ("target_end", dt.date(2018, 1, 5)),
    ],
)
def test_a_forecast_that_differs_is_refused_and_nothing_is_written(name, value, ledger):
    ledger.add_forecasts([forecast()], now=EVENING)
    before = ledger.head()
    with pytest.raises(LedgerError, match=f"is in the ledger with {name} .* never changed"):
        ledger.add_forecasts([har(), forecast(**{name: value})], now=EVENING)
    assert ledger.head() == before


def test_only_one_forecast_is_issued_per_target(ledger):
    ledger.add_forecasts([forecast()], now=EVENING)
    with pytest.raises(
        LedgerError, match="cannot be issued: the forecast of network 2 has already been issued"
    ):
        ledger.add_forecasts([forecast(2e-4, model_version="3")], now=EVENING)
    assert ledger.add_forecasts([forecast(2e-4, model_version="3", role="challenger")], now=EVENING)
    assert list(ledger.issued(ORIGIN)["model_version"]) == ["2"]
    assert ledger.issued(ORIGIN + DAY).empty


@pytest.mark.parametrize("variance", [math.nan, math.inf, 0.0, -1e-4])
def test_a_forecast_without_a_positive_variance_is_never_issued(variance, ledger):
    with pytest.raises(LedgerError, match="must be finite and above 0; write the fallback's"):
        ledger.add_forecasts([har(), forecast(variance)], now=EVENING)
    assert ledger.head().seq == 0


@pytest.mark.parametrize(
    ("calendar", "written_at", "live"),
    [
        ("XNYS", "2018-01-04T14:29:59.999999Z", True),  # before New York opens at 9:30
        ("XNYS", "2018-01-04T14:30:00.000000Z", False),
        ("XTKS", "2018-01-03T23:59:59.000000Z", True),  # before Tokyo's first session of the year
        ("XTKS", "2018-01-04T00:00:00.000000Z", False),
        ("24/7", "2018-01-04T01:30:00.000000Z", True),  # no pause: before the target day is over
        ("24/7", "2018-01-05T00:00:00.000000Z", False),
    ],
)
def test_a_forecast_is_live_if_it_was_written_before_its_target_began(
    calendar, written_at, live, ledger
):
    now = dt.datetime.fromisoformat(written_at)
    ledger.add_forecasts([forecast(calendar=calendar)], now=now)
    (row,) = ledger.forecast_rows()
    assert row.live is live
    assert list(ledger.table("forecasts")["live"]) == [live]


def test_summer_time_moves_the_deadline(ledger):
    days = dt.date(2018, 3, 9), dt.date(2018, 3, 12)  # clocks change on the Sunday between
    ledger.add_forecasts([forecast(origin=day) for day in days], now=EVENING)
    assert [f"{each:%H:%M}" for each in ledger.table("forecasts")["deadline"]] == ["13:30"] * 2
    ledger.add_forecasts([forecast(origin=dt.date(2018, 3, 8))], now=EVENING)
    assert f"{ledger.table('forecasts')['deadline'].iloc[-1]:%H:%M}" == "14:30"


def test_a_clock_that_was_corrected_by_minutes_makes_no_forecast_older(ledger):
    morning_after = EVENING + DAY
    ledger.add_decision(Decision("a", "keep", "network 2", "a tie"), now=morning_after)
    ledger.add_forecasts([forecast()], now=morning_after - dt.timedelta(minutes=4))
    (row,) = ledger.forecast_rows()
    assert row.written_at == morning_after and not row.live
    verify(ledger)


@pytest.mark.parametrize("back", [dt.timedelta(minutes=6), DAY, 17 * 365 * DAY])
def test_a_clock_before_the_newest_row_is_refused_and_nothing_is_written(ledger, back):
    ledger.add_forecasts([forecast()], now=EVENING)
    before, wrong = ledger.head(), EVENING - back
    writes = (
        lambda: ledger.add_forecasts([har()], now=wrong),
        lambda: ledger.add_outcomes([outcome()], now=wrong),
        lambda: ledger.add_decision(Decision("a", "keep", "network 2", "a tie"), now=wrong),
        lambda: ledger.raise_alert("stale data", "AAA", "no bar", {}, now=wrong),
    )
    for write in writes:
        with pytest.raises(LedgerError, match=r"the clock says .* UTC, but the newest row of .* "):
            write()
        assert ledger.head() == before
    assert ledger.add_forecasts([forecast()], now=wrong) == 0  # what changes nothing is allowed


def test_a_clock_without_a_timezone_is_refused(ledger):
    with pytest.raises(LedgerError, match="needs a timezone"):
        ledger.add_forecasts([forecast()], now=dt.datetime(2018, 1, 3))


def test_an_outcome_never_alters_a_forecast_and_a_revision_is_another_row(ledger):
    ledger.add_forecasts([forecast(), har()], now=EVENING)
    before = ledger.table("forecasts")
    assert ledger.add_outcomes([outcome(1.3e-4)], now=EVENING + DAY) == 1
    assert ledger.add_outcomes([outcome(1.3e-4, source_hash="x")], now=EVENING + DAY) == 0
    assert ledger.add_outcomes([outcome(1.3e-4 * (1 + 1e-12))], now=EVENING + 2 * DAY) == 0
    assert ledger.add_outcomes([outcome(1.4e-4)], now=EVENING + 2 * DAY) == 1
    assert list(ledger.table("outcomes")["realized"]) == [1.3e-4, 1.4e-4]
    scored = ledger.table("scored")
    assert list(scored["realized"]) == [1.4e-4, 1.4e-4]
    assert list(scored["outcome_rows"]) == [2, 2]
    pd.testing.assert_frame_equal(scored[before.columns], before)


def test_an_outcome_of_nothing_forecast_is_refused(ledger):
    ledger.add_forecasts([forecast()], now=EVENING)
    with pytest.raises(LedgerError, match="of BBB, origin 2018-01-03, horizon 1, belongs to no"):
        ledger.add_outcomes([outcome(), outcome(ticker="BBB")], now=EVENING)
    assert ledger.table("outcomes").empty


def test_pending_targets_have_ended_without_an_outcome(ledger):
    made = [forecast(), har(), forecast(horizon=5), forecast(ticker="BBB")]
    ledger.add_forecasts(made, now=EVENING)
    ledger.add_outcomes([outcome(ticker="BBB")], now=EVENING + DAY)
    assert ledger.pending_targets(dt.date(2018, 1, 3)).empty
    due = ledger.pending_targets(dt.date(2018, 1, 4))
    assert due[["ticker", "horizon"]].values.tolist() == [["AAA", 1]]
    due = ledger.pending_targets(dt.date(2018, 1, 10))
    assert sorted(due["horizon"]) == [1, 5]


def test_a_decision_is_written_once_and_never_changed(ledger):
    decision = Decision("gate 1", "keep", "network 2", "a tie", {"p": np.float64(0.5), "n": 3})
    assert ledger.add_decision(decision, now=EVENING)
    assert not ledger.add_decision(decision, now=EVENING + DAY)
    with pytest.raises(LedgerError, match="'gate 1' is in the ledger with another reason"):
        ledger.add_decision(
            Decision("gate 1", "keep", "network 2", "no", {"p": 0.5, "n": 3}), now=EVENING
        )
    assert list(ledger.table("decisions")["numbers"]) == ['{"n":3,"p":0.5}']


def test_a_manual_decision_names_both_who_and_why(ledger):
    with pytest.raises(LedgerError, match="CHECK constraint failed"):
        ledger.add_decision(Decision("a", "promote", "network 3", "by hand", who="me"), now=EVENING)


def test_an_alert_is_raised_once_and_cleared_once(ledger):
    def changes(change, subject="AAA"):
        return change("stale data", subject, "no bar", {}, now=EVENING)

    assert not changes(ledger.clear_alert)
    assert changes(ledger.raise_alert) and not changes(ledger.raise_alert)
    assert changes(ledger.raise_alert, "BBB")
    assert list(ledger.open_alerts()["subject"]) == ["AAA", "BBB"]
    assert changes(ledger.clear_alert) and not changes(ledger.clear_alert)
    assert list(ledger.open_alerts()["subject"]) == ["BBB"]
    assert changes(ledger.raise_alert)
    assert list(ledger.table("alerts")["state"]) == ["raised", "raised", "cleared", "raised"]


@pytest.mark.parametrize("kind", ["chain", *KINDS])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {kind} SET seq = seq",
        "DELETE FROM {kind}",
        "INSERT OR REPLACE INTO {kind} ({columns}) SELECT {columns} FROM {kind}",
    ],
)
def test_the_file_itself_refuses_to_change_a_row(kind, statement, tmp_path):
    path = small_ledger(tmp_path / "ledger.db")
    columns = ", ".join(("seq", *COLUMNS.get(kind, ("kind", "hash"))))
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute(f"SELECT * FROM {kind}").fetchall()
        with pytest.raises(sqlite3.IntegrityError, match="the ledger is append-only"):
            connection.execute(statement.format(kind=kind, columns=columns))
        assert connection.execute(f"SELECT * FROM {kind}").fetchall() == rows


def test_the_file_itself_refuses_to_replace_an_issued_forecast(tmp_path):
    path = small_ledger(tmp_path / "ledger.db")
    names = COLUMNS["forecasts"]
    with closing(sqlite3.connect(path)) as connection:
        other = ", ".join("'9'" if name == "model_version" else name for name in names)
        with pytest.raises(sqlite3.IntegrityError, match="append-only: no row of forecasts"):
            connection.execute(
                f"INSERT OR REPLACE INTO forecasts (seq, {', '.join(names)}) "
                f"SELECT 99, {other} FROM forecasts WHERE seq = 1"
            )


@settings(max_examples=20)
@given(
    moments=st.lists(
        st.datetimes(dt.datetime(2018, 1, 3), dt.datetime(2018, 1, 9), timezones=st.just(dt.UTC)),
        min_size=1,
        max_size=6,
    )
)
def test_whatever_the_clock_does_written_time_never_goes_back(moments, tmp_path_factory):
    with Ledger.to_write(tmp_path_factory.mktemp("clock") / "ledger.db") as ledger:
        accepted = []
        for number, moment in enumerate(moments):
            is_back = moment < max(accepted, default=moment) - CLOCK_CORRECTION
            with pytest.raises(LedgerError) if is_back else nullcontext():
                ledger.add_forecasts([forecast(ticker=str(number))], now=moment)
            accepted += [] if is_back else [moment]
        written = ledger.table("forecasts")["written_at"]
        assert list(written) == list(pd.Series(accepted).cummax())
        assert verify(ledger).rows["forecasts"] == len(accepted)
