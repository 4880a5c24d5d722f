"""The variance of complete days: the session and the night before it."""

import numpy as np
import pandas as pd
import pytest

from tests.pipeline.data.conftest import make_bars
from volcast.pipeline.errors import DataError
from volcast.pipeline.panel.realized_variance import add_realized_variance, format_realized_summary


def joined(daily, variances, weighting="sum"):
    days = pd.DataFrame({"ticker": "AAA", "session": list(variances)})
    days = days.assign(variance=list(variances.values()))
    return add_realized_variance(daily, days, {"AAA": "XNYS"}, weighting)


def test_the_variance_is_the_session_plus_the_squared_night_without_the_dividend():
    daily = (
        make_bars()
        .iloc[:3]
        .assign(
            open=[100.0, 101.0, 99.0], close=[100.0, 102.0, 100.0], adj_close=[98.0, 102.0, 50.0]
        )
    )  # a dividend of 2 % before the second session, a split of 2 for 1 before the third
    sessions = daily["session"].tolist()
    bars = joined(daily, dict.fromkeys(sessions, 1e-4))
    nights = [np.log(101 * 1.0 / 98), np.log(99 * 0.5 / 102)]
    assert np.isnan(bars["variance"][0])
    assert bars["variance"][1:].tolist() == pytest.approx([1e-4 + night**2 for night in nights])
    pd.testing.assert_frame_equal(bars.drop(columns="variance"), daily.drop(columns="variance"))


def test_no_night_is_counted_across_a_missing_session():
    daily = make_bars().drop(index=2).reset_index(drop=True)
    bars = joined(daily, dict.fromkeys(make_bars()["session"], 1e-4))
    assert bars["variance"].isna().to_numpy().nonzero()[0].tolist() == [0, 2]


def test_a_session_without_intraday_bars_has_no_variance():
    daily = make_bars()
    bars = joined(daily, dict.fromkeys(daily["session"][5:], 1e-4))
    assert bars["variance"].notna().sum() == len(daily) - 5


def test_a_variance_of_the_users_own_is_used_as_it_is():
    daily = make_bars().assign(variance=[0.5] + [np.nan] * 20)
    bars = joined(daily, dict.fromkeys(daily["session"], 1e-4))
    pd.testing.assert_frame_equal(bars, daily)


def test_the_sentence_counts_sessions_and_names_the_tickers_without():
    daily = pd.concat([make_bars("AAA"), make_bars("BBB"), make_bars("CCC")], ignore_index=True)
    days = make_bars("AAA")[["ticker", "session"]].assign(variance=1e-4)
    bars = add_realized_variance(daily, days, dict.fromkeys(["AAA", "BBB", "CCC"], "XNYS"), "sum")
    assert format_realized_summary(bars, {"BBB": "its file is damaged"}) == (
        "realised variance in 20 of 21 sessions of 1 tickers; "
        "none of BBB: its file is damaged; CCC: no intraday bars on its sessions"
    )


def test_no_realised_variance_at_all_is_an_error():
    with pytest.raises(DataError, match=r"no session has a realised variance; .*AAA: too few"):
        format_realized_summary(make_bars(), {"AAA": "too few"})
