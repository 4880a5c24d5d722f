"""Each rule of quality by hand, and the account of every row."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.pipeline.data.conftest import make_bars
from volcast.pipeline.data.contract.bar_table import BAR_COLUMNS
from volcast.pipeline.data.quality import neighbours
from volcast.pipeline.data.quality.check import QUALITY_COLUMNS, check_bars
from volcast.pipeline.data.quality.rules import RULES
from volcast.pipeline.errors import DataError

FIFTH = pd.Timestamp("2024-01-08")  # session of row 4
CLEAN = {"bars": 21}


def changed(**values) -> pd.DataFrame:
    """Clean bars, with row 4 changed."""
    bars = make_bars()
    for column, value in values.items():
        bars.loc[4, column] = value
    return bars


def fired(checked, ticker="AAA") -> dict[str, int]:
    own = checked.quality[checked.quality["ticker"] == ticker]
    return dict(zip(own["rule"], own["rows"], strict=True))


def test_clean_bars_pass_unchanged():
    checked = check_bars(make_bars())
    pd.testing.assert_frame_equal(checked.bars, make_bars())
    assert fired(checked) == CLEAN
    assert checked.failures == {}


@pytest.mark.parametrize(
    ("values", "rule"),
    [
        ({"open": np.nan}, "missing_price"),
        ({"close": np.inf}, "missing_price"),
        ({"low": 0.0}, "non_positive_price"),
        ({"open": -1.0}, "non_positive_price"),
        ({"adj_close": np.nan}, "bad_adj_close"),
        ({"adj_close": 0.0}, "bad_adj_close"),
        ({"adj_close": np.inf}, "bad_adj_close"),
        ({"high": 104.0 - 0.001}, "range_excludes_body"),
        ({"low": 103.5 + 0.001}, "range_excludes_body"),
        ({"high": 100.0, "low": 110.0}, "range_excludes_body"),
    ],
)
def test_a_bad_row_is_rejected_by_its_rule_and_leaves_a_missing_session(values, rule):
    checked = check_bars(changed(**values))
    assert fired(checked) == {"bars": 20, rule: 1, "missing_session": 1}
    assert FIFTH not in set(checked.bars["session"])
    row = checked.quality.set_index("rule").loc[rule]
    assert (row["action"], row["first_session"], row["last_session"]) == (
        "reject row",
        FIFTH,
        FIFTH,
    )


def test_a_range_that_misses_by_rounding_is_widened():
    checked = check_bars(changed(high=104.0 * (1 - 5e-7), low=103.5 * (1 + 5e-7)))
    assert fired(checked) == CLEAN
    assert checked.bars.loc[4, ["high", "low"]].tolist() == [104.0, 103.5]


def test_of_a_session_with_several_rows_the_last_valid_one_is_kept():
    first, broken = changed(close=103.8).loc[[4]], changed(close=np.nan).loc[[4]]
    bars = pd.concat([make_bars().drop(index=4), first, changed(close=103.9).loc[[4]], broken])
    checked = check_bars(bars)
    assert fired(checked) == {"bars": 21, "missing_price": 1, "duplicate_session": 1}
    assert checked.bars.loc[4, "close"] == 103.9


@pytest.mark.parametrize("volume", [0.0, -5.0, np.nan, np.inf])
def test_a_volume_not_above_zero_is_masked(volume):
    checked = check_bars(changed(volume=volume))
    assert fired(checked) == {"bars": 21, "zero_volume": 1}
    assert checked.bars["volume"].isna().tolist() == [row == 4 for row in range(21)]


@pytest.mark.parametrize("variance", [-1e-4, np.inf, -np.inf])
def test_a_bad_variance_is_masked_and_the_row_kept(variance):
    checked = check_bars(changed(variance=variance))
    assert fired(checked) == {"bars": 21, "bad_variance": 1}
    assert checked.bars["variance"].isna().all()


def test_a_variance_of_zero_or_more_is_kept():
    checked = check_bars(
        make_bars().assign(variance=0.0001).pipe(lambda b: b.assign(variance=b.index))
    )
    assert checked.bars["variance"].tolist() == list(range(21))
    assert fired(checked) == CLEAN


def test_a_flat_bar_is_kept_with_a_warning():
    checked = check_bars(changed(open=103.0, high=103.0, low=103.0, close=103.0))
    assert fired(checked) == {"bars": 21, "flat_bar": 1}


def test_a_large_return_is_kept_with_a_warning_on_its_own_row():
    split = make_bars()
    split.loc[4:, ["open", "high", "low", "close", "adj_close"]] /= 2
    checked = check_bars(split)
    assert fired(checked) == {"bars": 21, "large_return": 1}
    assert checked.quality.set_index("rule").loc["large_return", "first_session"] == FIFTH


def test_returns_are_not_taken_across_tickers():
    both = pd.concat([make_bars("AAA", level=1000.0), make_bars("BBB", level=10.0)])
    both.loc[both["ticker"] == "BBB", ["open", "high", "low", "close", "adj_close"]] = 10.0
    both.loc[both["session"] == "2024-01-03", "high"] = 1200.0
    assert "large_return" not in set(check_bars(both).quality["rule"])


def test_a_date_without_trading_is_kept_with_a_warning():
    holiday = make_bars().tail(1).assign(session=pd.Timestamp("2024-01-15"))
    checked = check_bars(pd.concat([make_bars(), holiday]))
    assert fired(checked) == {"bars": 22, "unknown_session": 1}


def test_the_calendar_can_be_chosen():
    # Tokyo is closed on 2, 3 and 8 January, and open on the 4th, and on 15th as New York is not.
    checked = check_bars(make_bars(), {"AAA": "XTKS"})
    assert fired(checked) == {"bars": 21, "unknown_session": 3, "missing_session": 1}


def test_missing_sessions_are_counted_between_first_and_last():
    checked = check_bars(make_bars().drop(index=[0, 5, 9, 20]))
    row = checked.quality.set_index("rule").loc["missing_session"]
    assert row["rows"] == 2
    assert (row["first_session"], row["last_session"]) == (
        pd.Timestamp("2024-01-09"),
        pd.Timestamp("2024-01-16"),
    )


def lacking(*rows: int, ticker: str) -> pd.DataFrame:
    return make_bars(ticker).drop(index=list(rows))


def test_a_session_that_most_tickers_of_an_exchange_lack_is_the_sources_fault():
    bars = [lacking(5, 9, ticker="AAA"), lacking(5, ticker="BBB"), lacking(5, ticker="CCC")]
    checked = check_bars(pd.concat([*bars, make_bars("DDD"), make_bars("EEE")]))
    assert fired(checked, "AAA") == {"bars": 19, "missing_session": 2, "missing_for_most": 1}
    assert fired(checked, "CCC") == {"bars": 20, "missing_session": 1, "missing_for_most": 1}
    assert fired(checked, "DDD") == CLEAN


def test_half_of_the_tickers_or_two_of_two_are_not_most():
    three = [lacking(5, ticker=ticker) for ticker in ("AAA", "BBB", "CCC")]
    others = [make_bars(ticker) for ticker in ("DDD", "EEE", "FFF")]
    assert "missing_for_most" not in set(check_bars(pd.concat([*three, *others])).quality["rule"])
    assert "missing_for_most" not in set(check_bars(pd.concat(three[:2])).quality["rule"])


def test_only_tickers_whose_history_spans_the_session_are_counted():
    three = [lacking(5, ticker=ticker) for ticker in ("AAA", "BBB", "CCC")]
    later = [make_bars(ticker, first="2024-01-16") for ticker in ("DDD", "EEE", "FFF")]
    assert "missing_for_most" in set(check_bars(pd.concat([*three, *later])).quality["rule"])


def test_another_exchange_does_not_count():
    three = [lacking(5, ticker=ticker) for ticker in ("AAA", "BBB", "CCC")]
    others = [make_bars(ticker) for ticker in ("DDD", "EEE", "FFF")]
    calendar_of = dict.fromkeys(("DDD", "EEE", "FFF"), "XLON")
    checked = check_bars(pd.concat([*three, *others]), calendar_of)
    assert fired(checked, "AAA")["missing_for_most"] == 1


def test_a_ticker_whose_price_never_moves_is_dropped_with_a_reason():
    constant = make_bars("DEAD").assign(open=5.0, high=5.0, low=5.0, close=5.0, adj_close=5.0)
    checked = check_bars(pd.concat([make_bars(), constant]))
    assert set(checked.bars["ticker"]) == {"AAA"}
    assert checked.failures == {
        "DEAD": "no row passes the quality rules: the price never moves (21 rows)"
    }
    assert fired(checked, "DEAD") == {"bars": 0, "constant_price": 21}


def test_no_ticker_left_is_an_error_that_says_why():
    with pytest.raises(DataError, match=r"AAA: no row passes .* a price is missing .*\(21 rows\)"):
        check_bars(make_bars().assign(open=np.nan))
    with pytest.raises(DataError, match="there are no rows"):
        check_bars(make_bars().head(0))


def test_the_quality_table_has_its_columns_and_types():
    quality = check_bars(changed(volume=0.0)).quality
    assert tuple(quality.columns) == QUALITY_COLUMNS
    assert quality["rows"].dtype == np.int64
    assert set(quality["action"]) == {"count", "mask volume"}


def test_every_rule_has_a_name_of_its_own_and_a_documented_action():
    assert len({rule.name for rule in RULES}) == len(RULES)
    assert {rule.action for rule in RULES} == {"reject row", "hold row", "mask volume", "warn"}


NUMBER = st.one_of(
    st.floats(min_value=-1, max_value=200, width=32), st.sampled_from([np.nan, np.inf, 1e308, 0.0])
)


@st.composite
def raw_bars(draw):
    count = draw(st.integers(1, 12))
    days = st.integers(0, 20).map(lambda day: pd.Timestamp("2024-01-01") + pd.Timedelta(days=day))
    table = {
        "ticker": draw(st.lists(st.sampled_from("AB"), min_size=count, max_size=count)),
        "session": draw(st.lists(days, min_size=count, max_size=count)),
    }
    for column in BAR_COLUMNS[2:]:
        table[column] = draw(st.lists(NUMBER, min_size=count, max_size=count))
    bars = pd.DataFrame(table)
    if draw(st.booleans()):  # else hardly a row would have a possible range
        bars["high"] = bars[["open", "high", "low", "close"]].max(axis=1)
        bars["low"] = bars[["open", "high", "low", "close"]].min(axis=1)
    return bars


@settings(max_examples=100, deadline=None)
@given(bars=raw_bars())
def test_nothing_is_lost_silently_and_what_is_kept_is_valid(bars):
    try:
        checked = check_bars(bars)
    except DataError:
        return
    account = checked.quality[checked.quality["action"].isin(["count", "reject row", "hold row"])]
    assert (
        account.groupby("ticker")["rows"].sum().to_dict() == bars["ticker"].value_counts().to_dict()
    )
    kept = checked.bars
    prices = kept[["open", "high", "low", "close", "adj_close"]].to_numpy()
    assert (np.isfinite(prices) & (prices > 0)).all()
    assert (kept["low"] <= kept[["open", "close"]].min(axis=1)).all()
    assert (kept["high"] >= kept[["open", "close"]].max(axis=1)).all()
    assert not kept.duplicated(["ticker", "session"]).any()
    assert (kept["volume"].dropna() > 0).all()
    assert (kept["variance"].dropna() >= 0).all()
    assert set(checked.failures) == set(bars["ticker"]) - set(kept["ticker"])


@settings(max_examples=30, deadline=None)
@given(bars=raw_bars())
def test_no_rule_of_a_single_bar_rejects_a_bar_that_was_kept(bars):
    try:
        kept = check_bars(bars).bars.assign(calendar="XNYS")
    except DataError:
        return
    for rule in RULES:
        if rule.action == "reject row" and rule.flags.__module__ != neighbours.__name__:
            assert not rule.flags(kept).any(), rule.name
