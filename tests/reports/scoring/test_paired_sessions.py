"""Two models' forecasts collapsed to sessions: means, gaps, and what is refused."""

import numpy as np
import pandas as pd
import pytest

from volcast.reports.scoring.comparison import compare
from volcast.reports.scoring.e_process import split_gains
from volcast.reports.scoring.inference import diebold_mariano
from volcast.reports.scoring.paired_sessions import pair_sessions, read_gains
from volcast.reports.scoring.scored_rows import qlike


def forecasts(*, sessions=30, tickers=2, seed=0):
    rng = np.random.default_rng(seed)
    origins = pd.bdate_range("2017-01-02", periods=sessions).repeat(tickers)
    table = {"origin": origins, "ticker": [f"T{i}" for i in range(tickers)] * sessions}
    values = {"realized": rng.chisquare(2, len(origins)) / 2}
    values |= {name: np.exp(0.2 * rng.standard_normal(len(origins))) for name in ("v1", "v2")}
    return pd.DataFrame(table | values)


def test_a_session_is_the_mean_over_its_tickers():
    rows = forecasts(sessions=1, tickers=3)
    y, a, b = (rows[name].to_numpy() for name in ("realized", "v1", "v2"))
    found = pair_sessions(rows, "v1", "v2").iloc[0]
    gains = split_gains(y, a, b)
    assert found["incumbent_loss"] == pytest.approx(qlike(y, a).mean())
    assert found["rival_loss"] == pytest.approx(qlike(y, b).mean())
    assert found["gain_lower"] == pytest.approx(gains.lower.mean())
    assert found["worst_higher"] == pytest.approx(gains.worst_higher.mean())
    assert found["worst_lower"] == pytest.approx(gains.worst_lower.mean())
    assert gains.lower.any() and gains.higher.any()


def test_gains_read_back_are_those_of_the_forecasts():
    rows = forecasts(tickers=1)
    expected = split_gains(rows["realized"], rows["v1"], rows["v2"])
    found = read_gains(pair_sessions(rows, "v1", "v2"))
    for name, values in vars(expected).items():
        assert getattr(found, name) == pytest.approx(values, abs=1e-12)


def test_rows_the_incumbent_left_open_say_nothing():
    rows = forecasts()
    rows.loc[:1, "v1"] = np.nan
    found = pair_sessions(rows, "v1", "v2")
    assert (len(found), found["unanswered"].sum()) == (29, 0)


@pytest.mark.parametrize("unusable", [np.nan, np.inf])
def test_rows_the_rival_left_open_are_counted_and_not_scored(unusable):
    rows = forecasts()
    rows.loc[[2, 4, 5], "v2"] = unusable
    found = pair_sessions(rows, "v1", "v2")
    assert found["unanswered"].tolist()[:4] == [0, 1, 2, 0]
    assert np.isnan(found["rival_loss"][2]) and np.isfinite(found["rival_loss"].drop(2)).all()
    alone = pair_sessions(rows.drop(index=2), "v1", "v2")
    assert found["rival_loss"][1] == alone["rival_loss"][1]


def test_copies_of_a_ticker_change_nothing():
    """Averaged by session, fifty copies of a ticker are one observation, not fifty."""
    one = forecasts(tickers=1, sessions=100)
    many = pd.concat([one.assign(ticker=f"C{i}") for i in range(50)])
    a, b = (compare(pair_sessions(rows, "v1", "v2"), "v1", "v2") for rows in (one, many))
    assert (a.sessions, a.evidence) == (b.sessions, pytest.approx(b.evidence))
    losses = [qlike(one["realized"].to_numpy(), one[name].to_numpy()) for name in ("v2", "v1")]
    alone = diebold_mariano(losses[0] - losses[1], one["origin"], 1)
    assert b.test.statistic == pytest.approx(alone.statistic)


def test_the_order_of_the_rows_does_not_matter():
    rows = forecasts()
    shuffled = rows.sample(frac=1, random_state=0)
    pd.testing.assert_frame_equal(
        pair_sessions(shuffled, "v1", "v2"), pair_sessions(rows, "v1", "v2")
    )


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (forecasts().drop(columns="v2"), "need a column 'v2'"),
        (pd.concat([forecasts(), forecasts().iloc[:1]]), "hold T0 at 2017-01-02 twice"),
    ],
)
def test_a_table_that_cannot_be_compared_is_refused(table, message):
    with pytest.raises(ValueError, match=message):
        pair_sessions(table, "v1", "v2")
