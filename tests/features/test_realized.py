"""Realised variance: sums worked by hand, naive references, and nothing from another session."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from volcast.features.realized import aggregate_to_sessions, session_variance

MINUTE = pd.Timedelta(minutes=1)
COLUMNS = ["moment", "open", "high", "low", "close", "volume"]


def build_hours(*lengths, pause=None) -> pd.DataFrame:
    """Sessions of so many minutes, from 14:30 on successive days; ``pause`` in minutes too."""
    opens = pd.date_range("2024-01-02 14:30", periods=len(lengths), tz="UTC")
    begins, ends = pause or (np.nan, np.nan)
    return pd.DataFrame(
        {
            "session": opens.tz_localize(None).normalize(),
            "opens": opens,
            "closes": opens + pd.to_timedelta(lengths, "min"),
            "break_starts": opens + pd.Timedelta(begins, "min"),
            "break_ends": opens + pd.Timedelta(ends, "min"),
        }
    )


def build_bars(opened, prices, spacing=5) -> pd.DataFrame:
    """Bars side by side: each opens where the one before closed."""
    prices = np.asarray(prices, dtype=float)
    moments = pd.date_range(opened, periods=len(prices) - 1, freq=f"{spacing}min")
    first, last = prices[:-1], prices[1:]
    columns = (moments, first, np.maximum(first, last), np.minimum(first, last), last, 10.0)
    return pd.DataFrame(dict(zip(COLUMNS, columns, strict=True)))


def random_bars(hours, spacing=5, seed=0) -> pd.DataFrame:
    rng, parts = np.random.default_rng(seed), []
    for row in hours.itertuples():
        count = int((row.closes - row.opens) / MINUTE) // spacing
        path = 100 * np.exp(np.cumsum(rng.normal(0, 0.001, count + 1)))
        parts.append(build_bars(row.opens, path, spacing))
    return pd.concat(parts, ignore_index=True)


def test_three_five_minute_returns_are_squared_and_summed():
    hours = build_hours(15)
    days = aggregate_to_sessions(build_bars(hours["opens"][0], [100, 110, 99, 99]), hours, 5)
    expected = np.log(1.1) ** 2 + np.log(0.9) ** 2
    assert days["variance"].tolist() == pytest.approx([expected], rel=1e-12)
    assert days.loc[0, ["open", "high", "low", "close", "volume", "covered"]].tolist() == [
        *(100.0, 110.0, 99.0, 99.0, 30.0, 1.0),
    ]


def test_one_minute_prices_are_taken_on_five_shifted_grids():
    log_price = np.log(np.array([[100, 101, 99, 102, 100, 103, 101, 104]], dtype=float))
    p = log_price[0]
    grids = [(0, 5, 7), (0, 1, 6, 7), (0, 2, 7), (0, 3, 7), (0, 4, 7)]
    sums = [(np.diff(p[list(g)]) ** 2).sum() for g in grids]
    assert session_variance(log_price, 5)[0] == pytest.approx(np.mean(sums), rel=1e-12)


def test_minutes_and_five_minutes_agree_on_the_unshifted_grid():
    hours = build_hours(390, 390)
    minutes = random_bars(hours, spacing=1)
    fives = minutes.groupby(np.arange(len(minutes)) // 5).agg(
        {"moment": "first", "open": "first", "high": "max", "low": "min", "close": "last",
         "volume": "sum"}
    )  # fmt: skip
    from_minutes, from_fives = (
        aggregate_to_sessions(minutes, hours, 1),
        aggregate_to_sessions(fives, hours, 5),
    )
    same = ["session", "open", "high", "low", "close", "volume"]
    pd.testing.assert_frame_equal(from_minutes[same], from_fives[same])
    ratio = from_minutes["variance"] / from_fives["variance"]
    assert ratio.between(0.7, 1.3).all() and (ratio != 1).all()


def test_a_half_day_counts_to_its_own_close():
    hours = build_hours(390, 210, 390)
    bars = random_bars(hours)
    days = aggregate_to_sessions(bars, hours, 5)
    alone = aggregate_to_sessions(bars, hours.iloc[[1]].reset_index(drop=True), 5)
    assert days["covered"].tolist() == [1.0, 1.0, 1.0]
    assert days["variance"][1] == pytest.approx(alone["variance"][0], rel=1e-12)


def test_where_a_bar_is_missing_the_last_price_is_carried_forward():
    hours = build_hours(50)
    bars = build_bars(hours["opens"][0], [100, 101, 103, 102, 104, 105, 103, 104, 106, 105, 107])
    days = aggregate_to_sessions(bars.drop(index=[3, 4]), hours, 5)  # closes of 104 and 105
    steps = np.diff(np.log([100, 101, 103, 102, 103, 104, 106, 105, 107]))
    assert days["covered"][0] == 0.8
    assert days["variance"][0] == pytest.approx((steps**2).sum(), rel=1e-12)


def test_a_session_with_too_few_bars_has_no_variance():
    hours = build_hours(50)
    bars = build_bars(hours["opens"][0], np.linspace(100, 110, 11))
    days = aggregate_to_sessions(bars.drop(index=[3, 4, 5]), hours, 5)
    assert days["covered"][0] == 0.7
    assert np.isnan(days["variance"][0]) and days["close"][0] == 110.0


def test_a_single_one_minute_bar_covers_its_five_minute_interval():
    hours = build_hours(50)
    bars = build_bars(hours["opens"][0], np.linspace(100, 110, 51), spacing=1).iloc[::5]
    assert aggregate_to_sessions(bars, hours, 1)["covered"].tolist() == [1.0]


def test_a_lunch_break_is_no_gap_and_its_return_counts():
    hours = build_hours(60, pause=(20, 40))
    whole = build_bars(hours["opens"][0], [100, 101, 102, 103, 104, 0, 0, 0, 0, 110, 111, 112, 113])
    bars = whole[(whole["open"] > 0) & (whole["close"] > 0)]
    afternoon = build_bars(hours["opens"][0] + 40 * MINUTE, [109, 110, 111, 112, 113])
    days = aggregate_to_sessions(pd.concat([bars.iloc[:4], afternoon]), hours, 5)
    steps = np.diff(np.log([100, 101, 102, 103, 104, 110, 111, 112, 113]))
    assert days["covered"][0] == 1.0
    assert days["variance"][0] == pytest.approx((steps**2).sum(), rel=1e-12)


@pytest.mark.parametrize("bad", [np.nan, np.inf, 0.0, -1.0])
def test_bars_outside_the_hours_or_with_impossible_prices_are_left_out(bad):
    hours = build_hours(390, 390)
    bars = random_bars(hours)
    early, late = bars.iloc[[0]].copy(), bars.iloc[[0]].copy()
    early["moment"] -= 5 * MINUTE
    late["moment"] += 390 * MINUTE  # where the session closes
    broken = bars.iloc[[7]].assign(close=bad)
    more = pd.concat([bars, early.assign(close=500.0), late.assign(close=500.0), broken])
    pd.testing.assert_frame_equal(
        aggregate_to_sessions(more, hours, 5), aggregate_to_sessions(bars, hours, 5)
    )


def test_of_several_bars_at_the_same_time_the_last_row_counts():
    hours = build_hours(390)
    bars = random_bars(hours)
    wrong = bars.iloc[[5]].assign(close=500.0, high=500.0)
    again = pd.concat([wrong, bars.sample(frac=1, random_state=3)])
    pd.testing.assert_frame_equal(
        aggregate_to_sessions(again, hours, 5), aggregate_to_sessions(bars, hours, 5)
    )


@given(other=st.integers(0, 4), seed=st.integers(0, 5))
def test_a_session_uses_only_its_own_bars(other, seed):
    hours = build_hours(390, 390, 390, 390, 390)
    bars = random_bars(hours)
    unchanged = bars["moment"].dt.normalize() != hours["opens"][other].normalize()
    rng = np.random.default_rng(seed)
    noise = pd.Series(np.exp(rng.normal(0, 1, len(bars)))).where(~unchanged, 1.0)
    changed = bars.assign(**{c: bars[c] * noise for c in ("open", "high", "low", "close")})
    before, after = aggregate_to_sessions(bars, hours, 5), aggregate_to_sessions(changed, hours, 5)
    keep = before.index != other
    pd.testing.assert_frame_equal(before[keep], after[keep], check_exact=True)
    assert before["variance"][other] != after["variance"][other]


def test_no_bar_in_any_session_gives_no_day():
    hours = build_hours(390)
    bars = random_bars(hours)
    bars["moment"] += pd.Timedelta(days=30)
    assert aggregate_to_sessions(bars, hours, 5).empty


def test_on_a_random_walk_it_is_right_on_average_and_five_grids_are_less_noisy():
    rng = np.random.default_rng(1)
    steps = rng.normal(0, 0.01 / np.sqrt(390), (4000, 390))
    log_price = np.concatenate([np.zeros((4000, 1)), steps.cumsum(axis=1)], axis=1)
    five, one = session_variance(log_price, 5), session_variance(log_price[:, ::5], 1)
    # The error of the mean of 4,000 is 1e-4 sqrt(2 / 78 / 4000), about 2.5e-7.
    assert five.mean() == pytest.approx(1e-4, abs=1e-6)
    assert one.mean() == pytest.approx(1e-4, abs=1e-6)
    assert five.var() < 0.8 * one.var()
