"""Many bars on closed days are never silent: the likely cause is named with its remedy."""

import pandas as pd
import pytest

from volcast.pipeline.data.calendars.sessions import sessions_between
from volcast.pipeline.data.contract.source import Download
from volcast.pipeline.data.quality.closed_days import (
    count_closed_days,
    explain_closed_days,
    leave_out_closed_days,
    suggest_calendars,
)
from volcast.pipeline.errors import DataError

DAY = pd.Timedelta(days=1)


def bars_on(days, ticker="AAA"):
    return pd.DataFrame({"ticker": ticker, "session": pd.DatetimeIndex(days).as_unit("us")})


def sessions(calendar):
    return sessions_between(calendar, pd.Timestamp("2023-01-01"), pd.Timestamp("2023-12-31"))


YEAR = pd.date_range("2023-01-01", "2023-12-31")
SUNDAY_TO_FRIDAY = YEAR[YEAR.day_of_week != 5]


@pytest.mark.parametrize(
    ("days", "calendar", "cause"),
    [
        (YEAR, "XNYS", 'weekends; set data.calendar = "24/7"'),
        (sessions("XTKS") - DAY, "XTKS", "all dates lie a day early"),
        (sessions("XLON") + DAY, "XLON", "all dates lie a day late"),
        (sessions("XTAE"), "XNYS", 'those of XTAE; set data.calendar = "XTAE"'),
        (SUNDAY_TO_FRIDAY, "24/5", "Saturdays and Sun"),
    ],
)
def test_the_likely_cause_is_named_with_the_setting_that_mends_it(days, calendar, cause):
    bars = bars_on(days)
    reason = explain_closed_days(bars, {"AAA": calendar})["AAA"]
    assert cause in reason
    assert reason.startswith(f"{count_closed_days(bars, {'AAA': calendar})['AAA']} of {len(bars)} ")


def test_the_holidays_of_a_neighbour_are_no_reason_but_told_with_its_calendar():
    bars, clean = bars_on(sessions("XLON")), bars_on(sessions("XNYS"))
    assert explain_closed_days(bars, {"AAA": "XNYS"}) == {}
    hint = suggest_calendars(bars, {"AAA": "XNYS"})["AAA"]
    assert "on days on which XNYS was closed" in hint and 'set data.calendar = "XLON"' in hint
    assert leave_out_closed_days(Download(bars, {}), {"AAA": "XNYS"}).notes == (hint,)
    assert leave_out_closed_days(Download(clean, {}), {"AAA": "XNYS"}).notes == ()


def test_a_ticker_with_many_closed_days_is_left_out_and_the_last_one_is_an_error():
    wrong, right = (
        bars_on(pd.date_range("2023-01-01", "2023-12-31")),
        bars_on(sessions("XNYS"), "B"),
    )
    calendars = {"AAA": "XNYS", "B": "XNYS"}
    both = Download(pd.concat([wrong, right], ignore_index=True), {})
    answer = leave_out_closed_days(both, calendars)
    assert set(answer.bars["ticker"]) == {"B"} and "weekends" in answer.failures["AAA"]
    with pytest.raises(DataError, match="weekends"):
        leave_out_closed_days(Download(wrong, {}), calendars)
