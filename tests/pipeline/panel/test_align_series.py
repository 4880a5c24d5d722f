"""Which close of a series a session of another exchange knows."""

import numpy as np
import pandas as pd
import pytest

from tests.pipeline.data.conftest import make_bars
from volcast.pipeline.config.load import load_config
from volcast.pipeline.data.calendars.opening_hours import closing_moments
from volcast.pipeline.data.calendars.sessions import sessions_between
from volcast.pipeline.panel.align_series import align_series
from volcast.pipeline.panel.build import build_grids, build_panel
from volcast.pipeline.panel.external import NOTHING_EXTERNAL, ExternalData

FIRST, LAST = pd.Timestamp("2023-12-01"), pd.Timestamp("2024-01-31")


def closes_of(calendar: str, name: str = "^VIX") -> pd.DataFrame:
    """Closes whose number is the day of the year, so that a value tells its session."""
    sessions = sessions_between(calendar, FIRST, LAST)
    return pd.DataFrame(
        {
            "series": name,
            "session": sessions,
            "close": sessions.day_of_year.astype(float),
            "known_at": closing_moments(calendar, sessions),
        }
    )


def newest_session(of: str, at: str, day: str) -> str:
    """The session of the newest close of a series that a session of an exchange knows."""
    sessions = sessions_between(at, pd.Timestamp("2023-12-11"), LAST)
    series = align_series(closes_of(of), sessions, at)["^VIX"]
    value = series.align(series.close, len(sessions))[sessions.get_loc(day)]
    closes = closes_of(of)
    (found,) = closes.loc[closes["close"] == value, "session"]
    return f"{found:%Y-%m-%d}"


@pytest.mark.parametrize(
    ("of", "at", "day", "expected"),
    [
        ("XNYS", "XNYS", "2024-01-10", "2024-01-10"),
        ("XNYS", "XETR", "2024-01-10", "2024-01-09"),
        ("XNYS", "XLON", "2024-01-10", "2024-01-09"),
        ("XNYS", "XTKS", "2024-01-10", "2024-01-09"),
        ("XTKS", "XNYS", "2024-01-10", "2024-01-10"),
        ("XLON", "XETR", "2024-01-10", "2024-01-10"),  # at the same moment
        ("XNYS", "24/7", "2024-01-10", "2024-01-10"),
        ("24/7", "XNYS", "2024-01-10", "2024-01-09"),
        ("CMES", "XNYS", "2024-01-10", "2024-01-09"),  # an hour later
    ],
)
def test_a_close_is_lagged_where_its_exchange_closes_later(of, at, day, expected):
    assert newest_session(of, at, day) == expected


def test_a_half_day_counts_with_its_own_close():
    # On 29 December London closes at 12:30, Frankfurt, which has a half day on the 29th, at 13:00.
    closes = {n: closing_moments(n, pd.DatetimeIndex(["2023-12-29"])) for n in ("XLON", "XETR")}
    assert closes["XLON"] < closes["XETR"]
    assert newest_session("XLON", "XETR", "2023-12-29") == "2023-12-29"
    assert newest_session("XETR", "XLON", "2023-12-29") == "2023-12-28"


def test_a_holiday_of_the_series_leaves_the_close_before_it():
    assert newest_session("XNYS", "XLON", "2024-01-16") == "2024-01-12"
    assert newest_session("XNYS", "XLON", "2024-01-17") == "2024-01-16"


def test_a_close_learnt_between_two_sessions_belongs_to_the_later_one():
    sessions = sessions_between("XNYS", FIRST, LAST)
    on_time = closes_of("XNYS")
    late = on_time.assign(known_at=on_time["known_at"] + pd.Timedelta(minutes=15))
    one, two = (align_series(t, sessions, "XNYS")["^VIX"].known_from for t in (on_time, late))
    np.testing.assert_array_equal(two, one[:-1] + 1)


def test_the_grid_of_each_exchange_has_its_own_alignment():
    bars = pd.concat([make_bars("AAA"), make_bars("SAP.DE")], ignore_index=True)
    config = load_config(None, {"data": {"exogenous": "^VIX"}, "target": {"horizons": [1]}})
    external = ExternalData(NOTHING_EXTERNAL.events, closes_of("XNYS"))
    grids = build_grids(bars, config, external=external)
    panel = build_panel(grids, config)
    change = panel.x[:, :, panel.names.index("exogenous_change:^VIX")]
    row = panel.sessions.get_loc("2024-01-23")  # Monday the 22nd follows Friday the 19th
    by_ticker = dict(zip(panel.tickers, change[row], strict=True))
    assert by_ticker["AAA"] == pytest.approx(np.log(23 / 22))
    assert by_ticker["SAP.DE"] == pytest.approx(np.log(22 / 19))
    assert panel.optional[panel.names.index("exogenous_change:^VIX")]
