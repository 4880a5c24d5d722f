import dataclasses

import numpy as np
import pandas as pd
import pytest

from tests.features.samples import calendar_days
from volcast.features.bar_checks import GRIDS
from volcast.features.bars import Bars

SESSIONS = pd.bdate_range("2024-01-04", periods=4)
DAYS = calendar_days(SESSIONS)


def build_frame(*cells: tuple[str, str]) -> pd.DataFrame:
    frame = pd.DataFrame(cells, columns=["ticker", "session"])
    frame["session"] = pd.to_datetime(frame["session"])
    prices = np.arange(10.0, 10.0 + len(frame))
    for name in ("open", "high", "low", "close", "adj_close", "volume"):
        frame[name] = prices
    frame["variance"] = np.nan
    return frame


def test_sessions_without_a_bar_become_nan_rows():
    frame = build_frame(("B", "2024-01-05"), ("A", "2024-01-04"), ("A", "2024-01-09"))
    bars = Bars.from_frame(frame, SESSIONS, *DAYS)
    assert bars.tickers == ("B", "A")
    np.testing.assert_array_equal(
        bars.close, [[np.nan, 11], [10, np.nan], [np.nan, np.nan], [np.nan, 12]]
    )


def test_a_grid_written_as_a_frame_is_read_back(bars: Bars):
    cells = pd.MultiIndex.from_product([bars.tickers, bars.sessions], names=["ticker", "session"])
    columns = {name: getattr(bars, name).T.ravel() for name in GRIDS}
    frame = pd.DataFrame(columns, index=cells).rename(columns={"realized": "variance"})
    frame = frame.reset_index().sample(frac=1.0, random_state=0)
    again = Bars.from_frame(frame, bars.sessions, bars.days_since_previous, bars.days_to_next)
    order = [again.tickers.index(ticker) for ticker in bars.tickers]
    for name in GRIDS:
        np.testing.assert_array_equal(getattr(again, name)[:, order], getattr(bars, name))


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ([("A", "2024-01-04"), ("A", "2024-01-04")], r"A has two bars on 2024-01-04.*keep one"),
        ([("A", "2024-01-06")], r"A has a bar on 2024-01-06.*not a session.*calendar"),
    ],
)
def test_a_bar_that_has_no_cell_of_its_own_is_refused(cells, message):
    with pytest.raises(ValueError, match=message):
        Bars.from_frame(build_frame(*cells), SESSIONS, *DAYS)


def test_a_missing_column_is_named():
    frame = build_frame(("A", "2024-01-04")).drop(columns="adj_close")
    with pytest.raises(ValueError, match="adj_close"):
        Bars.from_frame(frame, SESSIONS, *DAYS)


@pytest.mark.parametrize(
    ("name", "value"), [("close", 0.0), ("open", -1.0), ("high", np.inf), ("volume", np.inf)]
)
def test_an_impossible_number_is_refused_with_ticker_and_session(bars: Bars, name, value):
    grid = getattr(bars, name).copy()
    grid[5, 2] = value
    with pytest.raises(ValueError, match=f"{name} of C on {bars.sessions[5].date()}"):
        dataclasses.replace(bars, **{name: grid})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"proxy": "parkinsons"}, "unknown variance proxy 'parkinsons'"),
        ({"tickers": ("A",)}, "open must have shape"),
        ({"tickers": ()}, "at least one session and one ticker, got 330 sessions and 0 tickers"),
        ({"days_to_next": np.ones(3)}, "days_to_next must have shape"),
    ],
)
def test_axes_that_do_not_fit_are_refused(bars: Bars, changes, message):
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(bars, **changes)


def test_sessions_out_of_order_are_refused(bars: Bars):
    with pytest.raises(ValueError, match="strictly increasing"):
        dataclasses.replace(bars, sessions=bars.sessions[::-1])


def test_until_keeps_the_rows_up_to_t_and_the_known_calendar(bars: Bars):
    known = bars.until(9)
    assert len(known.sessions) == 10
    assert known.days_to_next[9] == bars.days_to_next[9]
    np.testing.assert_array_equal(known.close, bars.close[:10])
    np.testing.assert_array_equal(known.uses_realized, bars.uses_realized)
