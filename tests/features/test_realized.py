"""Realised variance: sums worked by hand, naive references, and nothing from another session."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from volcast.features.realized import (
    FEWEST_SESSIONS,
    by_session,
    hansen_lunde_weights,
    session_variance,
    whole_day,
)

MINUTE = pd.Timedelta(minutes=1)
COLUMNS = ["moment", "open", "high", "low", "close", "volume"]


def hours_of(*lengths, pause=None) -> pd.DataFrame:
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


def bars_at(opened, prices, spacing=5) -> pd.DataFrame:
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
        parts.append(bars_at(row.opens, path, spacing))
    return pd.concat(parts, ignore_index=True)


def test_three_five_minute_returns_are_squared_and_summed():
    hours = hours_of(15)
    days = by_session(bars_at(hours["opens"][0], [100, 110, 99, 99]), hours, 5)
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
    hours = hours_of(390, 390)
    minutes = random_bars(hours, spacing=1)
    fives = minutes.groupby(np.arange(len(minutes)) // 5).agg(
        {"moment": "first", "open": "first", "high": "max", "low": "min", "close": "last",
         "volume": "sum"}
    )  # fmt: skip
    from_minutes, from_fives = by_session(minutes, hours, 1), by_session(fives, hours, 5)
    same = ["session", "open", "high", "low", "close", "volume"]
    pd.testing.assert_frame_equal(from_minutes[same], from_fives[same])
    ratio = from_minutes["variance"] / from_fives["variance"]
    assert ratio.between(0.7, 1.3).all() and (ratio != 1).all()


def test_a_half_day_counts_to_its_own_close():
    hours = hours_of(390, 210, 390)
    bars = random_bars(hours)
    days = by_session(bars, hours, 5)
    alone = by_session(bars, hours.iloc[[1]].reset_index(drop=True), 5)
    assert days["covered"].tolist() == [1.0, 1.0, 1.0]
    assert days["variance"][1] == pytest.approx(alone["variance"][0], rel=1e-12)


def test_where_a_bar_is_missing_the_last_price_stands():
    hours = hours_of(50)
    bars = bars_at(hours["opens"][0], [100, 101, 103, 102, 104, 105, 103, 104, 106, 105, 107])
    days = by_session(bars.drop(index=[3, 4]), hours, 5)  # closes of 104 and 105
    steps = np.diff(np.log([100, 101, 103, 102, 103, 104, 106, 105, 107]))
    assert days["covered"][0] == 0.8
    assert days["variance"][0] == pytest.approx((steps**2).sum(), rel=1e-12)


def test_a_session_with_too_few_bars_has_no_variance():
    hours = hours_of(50)
    bars = bars_at(hours["opens"][0], np.linspace(100, 110, 11))
    days = by_session(bars.drop(index=[3, 4, 5]), hours, 5)
    assert days["covered"][0] == 0.7
    assert np.isnan(days["variance"][0]) and days["close"][0] == 110.0


def test_one_minute_bars_cover_a_five_minute_interval_when_one_of_five_came():
    hours = hours_of(50)
    bars = bars_at(hours["opens"][0], np.linspace(100, 110, 51), spacing=1).iloc[::5]
    assert by_session(bars, hours, 1)["covered"].tolist() == [1.0]


def test_a_lunch_break_is_no_gap_and_its_return_counts():
    hours = hours_of(60, pause=(20, 40))
    whole = bars_at(hours["opens"][0], [100, 101, 102, 103, 104, 0, 0, 0, 0, 110, 111, 112, 113])
    bars = whole[(whole["open"] > 0) & (whole["close"] > 0)]
    afternoon = bars_at(hours["opens"][0] + 40 * MINUTE, [109, 110, 111, 112, 113])
    days = by_session(pd.concat([bars.iloc[:4], afternoon]), hours, 5)
    steps = np.diff(np.log([100, 101, 102, 103, 104, 110, 111, 112, 113]))
    assert days["covered"][0] == 1.0
    assert days["variance"][0] == pytest.approx((steps**2).sum(), rel=1e-12)


@pytest.mark.parametrize("bad", [np.nan, np.inf, 0.0, -1.0])
def test_bars_outside_the_hours_or_with_impossible_prices_are_left_out(bad):
    hours = hours_of(390, 390)
    bars = random_bars(hours)
    early, late = bars.iloc[[0]].copy(), bars.iloc[[0]].copy()
    early["moment"] -= 5 * MINUTE
    late["moment"] += 390 * MINUTE  # where the session closes
    broken = bars.iloc[[7]].assign(close=bad)
    more = pd.concat([bars, early.assign(close=500.0), late.assign(close=500.0), broken])
    pd.testing.assert_frame_equal(by_session(more, hours, 5), by_session(bars, hours, 5))


def test_of_several_bars_at_one_place_the_last_row_counts():
    hours = hours_of(390)
    bars = random_bars(hours)
    wrong = bars.iloc[[5]].assign(close=500.0, high=500.0)
    again = pd.concat([wrong, bars.sample(frac=1, random_state=3)])
    pd.testing.assert_frame_equal(by_session(again, hours, 5), by_session(bars, hours, 5))


@given(other=st.integers(0, 4), seed=st.integers(0, 5))
def test_a_session_knows_nothing_of_the_others(other, seed):
    hours = hours_of(390, 390, 390, 390, 390)
    bars = random_bars(hours)
    mine = bars["moment"].dt.normalize() != hours["opens"][other].normalize()
    rng = np.random.default_rng(seed)
    noise = pd.Series(np.exp(rng.normal(0, 1, len(bars)))).where(~mine, 1.0)
    changed = bars.assign(**{c: bars[c] * noise for c in ("open", "high", "low", "close")})
    before, after = by_session(bars, hours, 5), by_session(changed, hours, 5)
    keep = before.index != other
    pd.testing.assert_frame_equal(before[keep], after[keep], check_exact=True)
    assert before["variance"][other] != after["variance"][other]


def test_no_bar_in_any_session_gives_no_day():
    hours = hours_of(390)
    bars = random_bars(hours)
    bars["moment"] += pd.Timedelta(days=30)
    assert by_session(bars, hours, 5).empty


def test_on_a_random_walk_it_is_right_on_average_and_five_grids_are_less_noisy():
    rng = np.random.default_rng(1)
    steps = rng.normal(0, 0.01 / np.sqrt(390), (4000, 390))
    log_price = np.concatenate([np.zeros((4000, 1)), steps.cumsum(axis=1)], axis=1)
    five, one = session_variance(log_price, 5), session_variance(log_price[:, ::5], 1)
    # The error of the mean of 4,000 is 1e-4 sqrt(2 / 78 / 4000), about 2.5e-7.
    assert five.mean() == pytest.approx(1e-4, abs=1e-6)
    assert one.mean() == pytest.approx(1e-4, abs=1e-6)
    assert five.var() < 0.8 * one.var()


def day_parts(sessions=600, seed=2):
    rng = np.random.default_rng(seed)
    level = 1e-4 * np.exp(rng.normal(0, 0.5, sessions))
    overnight = rng.normal(0, 1, sessions) * np.sqrt(0.3 * level)
    return 0.7 * level * rng.chisquare(78, sessions) / 78, overnight, level


def test_the_plain_sum_adds_the_squared_night():
    result = whole_day(np.array([1e-4, np.nan, 2e-4]), np.array([0.01, 0.01, np.nan]))
    assert result[0] == pytest.approx(2e-4)
    assert np.isnan(result[1:]).all()


def naive_weights(a, b, t):
    """Hansen and Lunde (2005) with numpy's own moments of the rows before t."""
    known = np.isfinite(a[:t]) & np.isfinite(b[:t])
    if known.sum() < FEWEST_SESSIONS:
        return 1.0, 1.0
    x, y = a[:t][known], b[:t][known]
    (vx, cov), (_, vy) = np.cov(x, y, ddof=0)
    mx, my = x.mean(), y.mean()
    share = (my**2 * vx - mx * my * cov) / (my**2 * vx + mx**2 * vy - 2 * mx * my * cov)
    share = min(max(share, 0.0), 1.0)
    return (1 - share) * (mx + my) / mx, share * (mx + my) / my


def test_the_weights_are_those_of_the_paper_on_the_sessions_before():
    realized, overnight, _ = day_parts()
    realized[[40, 300]], overnight[[70, 300, 450]] = np.nan, np.nan
    weights = hansen_lunde_weights(overnight**2, realized)
    expected = [naive_weights(overnight**2, realized, t) for t in range(len(realized))]
    np.testing.assert_allclose(weights, expected, rtol=1e-8)
    assert (weights[: FEWEST_SESSIONS + 2] == 1).all() and (weights[-1] != 1).all()


@pytest.mark.parametrize("t", [100, 300, 599])
def test_no_weight_looks_at_its_own_session_or_a_later_one(t):
    realized, overnight, _ = day_parts()
    known = hansen_lunde_weights(overnight**2, realized)[: t + 1]
    realized[t:] *= 50
    overnight[t:] = 0.5
    assert (hansen_lunde_weights(overnight**2, realized)[: t + 1] == known).all()
    cut = hansen_lunde_weights(overnight[: t + 1] ** 2, realized[: t + 1])
    assert (cut == known).all()


def test_weighting_keeps_the_mean_and_lessens_the_noise():
    realized, overnight, level = day_parts(6000)
    plain = whole_day(realized, overnight)[1000:]
    weighted = whole_day(realized, overnight, "hansen_lunde")[1000:]
    assert weighted.mean() == pytest.approx(plain.mean(), rel=0.02)
    assert np.square(weighted - level[1000:]).mean() < 0.5 * np.square(plain - level[1000:]).mean()


def test_no_weight_is_negative_when_nights_follow_the_square_of_the_session():
    rng = np.random.default_rng(4)
    realized = 1e-4 * np.exp(rng.normal(0, 0.5, 600))
    squared_overnight = realized**2 * 1e4
    weights = hansen_lunde_weights(squared_overnight, realized)
    means = squared_overnight[:599].mean(), realized[:599].mean()
    assert weights[599].tolist() == pytest.approx([0.0, sum(means) / means[1]])


def test_without_nights_the_weights_stay_at_one():
    realized, overnight, _ = day_parts()
    assert (hansen_lunde_weights(0 * overnight, realized) == 1).all()


def test_an_unknown_weighting_is_named():
    with pytest.raises(ValueError, match="sum or hansen_lunde; got 'best'"):
        whole_day(np.ones(2), np.ones(2), "best")
