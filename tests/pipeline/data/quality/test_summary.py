"""Which newest bars cannot be forecast from."""

import pandas as pd

from tests.pipeline.data.conftest import make_bars
from volcast.pipeline.data.quality.check import check_bars
from volcast.pipeline.data.quality.summary import find_held_bars

CALENDARS = {"AAA": "XNYS"}


def bars_to(last):
    return make_bars(first="2022-06-01", last=last).assign(ticker="AAA")


def test_a_row_rejected_on_a_closed_day_holds_nothing():
    bars = bars_to("2024-01-08")
    saturday = bars.iloc[[-2]].assign(session=pd.Timestamp("2024-01-06"), close=float("nan"))
    checked = check_bars(pd.concat([bars, saturday], ignore_index=True), CALENDARS)
    assert "missing_price" in set(checked.quality["rule"])
    assert find_held_bars(checked, CALENDARS) == {}


def test_a_bar_after_a_rejected_session_is_held():
    bars = bars_to("2024-01-08")
    bars.loc[bars["session"] == "2024-01-05", "close"] = float("nan")
    held = find_held_bars(check_bars(bars, CALENDARS), CALENDARS)
    assert held == {"AAA": pd.Timestamp("2024-01-08")}
