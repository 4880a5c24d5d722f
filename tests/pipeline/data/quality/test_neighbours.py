"""Bars that contradict their neighbours: errors are found, and true moves pass."""

import numpy as np
import pandas as pd
import pytest

from tests.pipeline.data.quality.corruptions import CORRUPTIONS, PRICES, scale, unadjusted_split
from tests.pipeline.data.quality.test_check import fired
from volcast.pipeline.data.calendars.sessions import sessions_between
from volcast.pipeline.data.quality.check import check_bars
from volcast.pipeline.data.quality.history import find_quantile
from volcast.pipeline.data.quality.neighbours import LONGEST_RUN
from volcast.pipeline.data.quality.rules import RULES

ACTIONS = {"reject row", "hold row"}
AT = 150


def simulate_bars(seed: int = 0, ticker: str = "AAA") -> pd.DataFrame:
    """Bars of a random walk of 1 % a day over 300 sessions, adj_close at half of close."""
    rng = np.random.default_rng(seed)
    days = sessions_between("XNYS", pd.Timestamp("2022-01-03"), pd.Timestamp("2023-12-29"))[:300]
    close = 138.4 * np.exp(np.cumsum(rng.normal(0, 0.01, len(days))))
    opened = np.append(close[0], close[:-1]) * np.exp(rng.normal(0, 0.003, len(days)))
    high = np.maximum(opened, close) * np.exp(rng.exponential(0.004, len(days)))
    low = np.minimum(opened, close) * np.exp(-rng.exponential(0.004, len(days)))
    return pd.DataFrame(
        {
            "ticker": ticker,
            "session": days,
            "open": opened,
            "high": high,
            "low": low,
            "close": close,
            "adj_close": close / 2,
            "volume": 1e6 * np.exp(rng.normal(0, 0.3, len(days))).round(3),
            "variance": np.nan,
        }
    )


BARS = simulate_bars()


def acted_on(bars: pd.DataFrame) -> dict[str, tuple[str, str, int]]:
    """Return first and last session and the rows of each rule that rejected or held some."""
    quality = check_bars(bars).quality
    hit = quality[quality["action"].isin(ACTIONS)]
    return {
        row.rule: (str(row.first_session.date()), str(row.last_session.date()), row.rows)
        for row in hit.itertuples()
    }


def day(row: int) -> str:
    return str(BARS["session"][row].date())


def test_bars_without_errors_pass():
    assert acted_on(BARS) == {}


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_corrupt_bar_is_rejected_and_no_other_row_is(name):
    hit = acted_on(CORRUPTIONS[name](BARS, AT))
    rows = {"three rows in pence": 3, "ten repeated rows": 10}.get(name, 1)
    assert sum(count for _, _, count in hit.values()) == rows
    if "Saturday" not in name:
        assert {first for first, _, _ in hit.values()} == {day(AT)}


@pytest.mark.parametrize(
    ("corruption", "rule"),
    [
        ("a row at 1/100", "returning_price"),
        ("open and low at 1/10", "price_spike"),
        ("an unadjusted split 3:2", "split_gap"),
        ("a dividend taken for a split 1.5:1", "split_gap"),
        ("ten repeated rows", "repeated_bar"),
        ("a row on a Saturday", "stray_session"),
    ],
)
def test_each_kind_of_contradiction_has_its_rule(corruption, rule):
    assert list(acted_on(CORRUPTIONS[corruption](BARS, AT))) == [rule]


def test_more_rows_than_a_run_lose_only_the_returns_into_them_and_out_of_them():
    hit = acted_on(scale(100.0, rows=LONGEST_RUN + 1)(BARS, AT))
    assert hit == {"split_gap": (day(AT), day(AT + LONGEST_RUN + 1), 2)}


@pytest.mark.parametrize("factor", [190.0, 1.5, 0.1])
def test_volume_after_an_unadjusted_split_is_in_the_shares_of_before(factor):
    split = unadjusted_split(factor)(BARS, AT)
    kept = check_bars(split).bars
    expected = BARS.drop(index=AT)["volume"].to_numpy()
    ratio = kept["volume"].to_numpy() / expected
    np.testing.assert_allclose(ratio, 1 / factor, rtol=0.02)  # but for the overnight return
    before = kept["session"] < BARS["session"][AT]
    assert (kept["volume"][before] == split["volume"][:AT]).all()


def test_a_change_of_the_prices_unit_leaves_the_volume_as_it_is():
    kept = check_bars(scale(100.0, rows=len(BARS) - AT)(BARS, AT)).bars
    assert (kept["volume"].to_numpy() == BARS.drop(index=AT)["volume"].to_numpy()).all()


def test_a_crash_and_a_rebound_of_an_unusual_session_pass():
    """A fall of a third over a session of wide range and large volume, half regained the next."""
    bars = BARS.copy()
    bars.loc[AT:, PRICES] *= 0.83
    bars.loc[AT, ["low", "close", "adj_close"]] *= 0.8
    bars.loc[AT + 1, ["open", "low"]] *= 0.8
    bars.loc[AT : AT + 1, "volume"] *= 6
    assert acted_on(bars) == {}
    assert "large_return" in fired(check_bars(bars.assign(adj_close=bars["close"])))
    assert acted_on(bars.head(AT + 1)) == {}


def test_a_takeover_bid_near_a_splits_factor_passes_by_its_volume():
    bars = BARS.copy()
    bars.loc[AT:, PRICES] *= 1.5
    assert list(acted_on(bars)) == ["split_gap"]
    bars.loc[AT, "volume"] *= 20
    assert acted_on(bars) == {}
    assert acted_on(bars.head(AT + 1)) == {}


def test_a_spin_off_in_an_ordinary_session_is_kept_with_a_warning():
    bars = BARS.copy()
    bars.loc[AT:, PRICES] *= 0.58
    assert acted_on(bars) == {}
    assert fired(check_bars(bars))["unexplained_gap"] == 1


def test_on_a_day_on_which_all_ranges_are_wide_a_low_passes():
    panel = pd.concat([simulate_bars(seed, f"T{seed}") for seed in range(6)], ignore_index=True)
    low = panel.index[panel["ticker"] == "T0"][AT]
    panel.loc[low, "low"] *= 0.75
    assert acted_on(panel) == {"price_spike": (day(AT), day(AT), 1)}
    wide = panel["session"] == day(AT)
    panel.loc[wide, "high"] *= 1.08
    assert acted_on(panel) == {}


@pytest.mark.parametrize(
    "corruption",
    [scale(100.0), scale(0.1), scale(10.0, ["high"]), scale(0.5), scale(1 / 3, ["close", "low"])],
)
def test_the_newest_bar_is_held_if_it_is_in_another_unit_or_incoherent(corruption):
    until = BARS.head(AT + 1)
    assert acted_on(corruption(until, AT)) == {"held_bar": (day(AT), day(AT), 1)}


def test_only_the_newest_session_of_an_exchange_is_held():
    other = simulate_bars(1, "BBB")
    hit = acted_on(pd.concat([scale(100.0)(BARS.head(AT + 1), AT), other]))
    assert list(hit) == ["split_gap"]


def test_a_held_move_that_persists_is_released_and_a_split_is_masked():
    fall = BARS.copy()
    fall.loc[AT:, PRICES] *= 0.29  # no split's factor
    assert list(acted_on(fall.head(AT + 1))) == ["held_bar"]
    assert acted_on(fall.head(AT + 2)) == {}
    split = unadjusted_split(190.0)(BARS, AT)
    assert list(acted_on(split.head(AT + 1))) == ["held_bar"]
    assert acted_on(split.head(AT + 2)) == {"split_gap": (day(AT), day(AT), 1)}


@pytest.mark.parametrize(
    "name", ["three rows in pence", "open and low at 1/10", "ten repeated rows"]
)
def test_a_rule_looks_at_no_more_bars_after_a_row_than_it_declares(name):
    bars = CORRUPTIONS[name](BARS, AT).assign(calendar="XNYS")
    for rule in RULES:
        if rule.name in {"held_bar", "constant_price", "stray_session"}:
            continue
        known = rule.flags(bars)
        for last in range(AT - 2, AT + 8):
            final = last + 1 - rule.sessions_after
            np.testing.assert_array_equal(rule.flags(bars.head(last + 1))[:final], known[:final])


def test_a_quantile_ignores_what_is_not_known():
    values = np.array([[3.0, np.nan, 1.0, 2.0], [np.nan] * 4, [5.0, 1.0, np.nan, np.nan]])
    np.testing.assert_array_equal(find_quantile(values, 0.5), [2.0, np.nan, 1.0])
