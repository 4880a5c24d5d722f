"""Quality rules whose decisions depend on later bars than they declare are found."""

import numpy as np
import pandas as pd
import pytest

from tests.pipeline.samples import two_tickers
from volcast.pipeline.backtest.look_ahead.probe import SEED
from volcast.pipeline.backtest.look_ahead.quality_probes import probe_quality_rules
from volcast.pipeline.data.quality.check import check_bars
from volcast.pipeline.data.quality.rules import RULES, Rule
from volcast.pipeline.errors import VerificationError


@pytest.fixture(scope="module")
def bars():
    raw = two_tickers().rename(columns={"date": "session"})
    return check_bars(raw).bars


def probe(bars, *rules):
    sessions = pd.DatetimeIndex(bars["session"].unique())
    calendars = dict.fromkeys(bars["ticker"].unique(), "XNYS")
    return list(probe_quality_rules(bars, calendars, sessions[[40, 350, 690]], SEED, rules))


def reverts_after(rows):
    """Return a predicate: a jump of the close that `rows` rows later has gone back."""

    def flag(bars):
        close = np.log(bars["close"].abs())
        by_ticker = close.groupby(bars["ticker"])
        jump = by_ticker.diff()
        return (
            (jump.abs() > 0.4) & ((by_ticker.shift(-rows) - close + jump).abs() < 0.2)
        ).to_numpy()

    return flag


def test_the_rules_of_the_product_pass(bars):
    results = probe(bars, *RULES)
    assert [result.proof for result in results] == ["corrupted", "truncated"] * 3
    assert all(result.compared > 500 for result in results)


@pytest.mark.parametrize("rows", [1, 2])
def test_a_rule_may_look_as_far_ahead_as_it_declares(bars, rows):
    missing = RULES[0]
    rule = Rule(
        "reverts", "a jump that reverts", "reject row", reverts_after(rows), sessions_after=rows
    )
    assert probe(bars, missing, rule, *RULES[1:])
    hasty = Rule("reverts", "the same", "reject row", reverts_after(rows), sessions_after=rows - 1)
    with pytest.raises(
        VerificationError, match=r"quality rule reverts decides otherwise on (AAA|BBB)"
    ):
        every_session(bars, missing, hasty)


def every_session(bars, *rules):
    """Probe so many sessions that a planted jump is among them."""
    sessions = pd.DatetimeIndex(bars["session"].unique())[100:160]
    calendars = dict.fromkeys(bars["ticker"].unique(), "XNYS")
    return list(probe_quality_rules(bars, calendars, sessions, SEED, rules))


def test_a_threshold_from_the_whole_history_is_found(bars):
    def flag(rows):
        return (rows["volume"] < rows["volume"].quantile(0.1)).to_numpy()

    with pytest.raises(VerificationError, match="quality rule thin decides otherwise on AAA"):
        probe(bars, Rule("thin", "a low volume", "reject row", flag))


def test_a_ticker_that_a_rule_on_whole_histories_rejects_is_no_look_ahead(bars):
    def flag(rows):
        return (rows.groupby("ticker")["close"].transform("size") < 100).to_numpy()

    whole = Rule("short", "a short history", "reject row", flag, sessions_after=None)
    assert len(probe(bars, whole, *RULES)) == 6
