"""Decisions of the gate: who is kept, promoted and demoted, and what the reason says."""

import json
import math
import re
from dataclasses import asdict, replace

import numpy as np
import pandas as pd
import pytest

from benchmarks.gate import demotes, promotes
from volcast.reports.scoring.comparison import GateRules, after_training, compare, last_window
from volcast.reports.scoring.gate import decide

RULES = GateRules()


def losses(*, gain=0.0, noise=0.1, sessions=250, tickers=2, seed=0, **more):
    """Return daily QLIKE of a champion and of a rival that saves `gain` a session."""
    rng = np.random.default_rng(seed)
    origins = pd.bdate_range("2017-01-02", periods=sessions).repeat(tickers)
    champion = 0.45 + 0.1 * rng.random(len(origins))
    rival = champion - gain - noise * rng.standard_normal(len(origins))
    table = {"origin": origins, "ticker": [f"T{i}" for i in range(tickers)] * sessions}
    return pd.DataFrame({**table, "v1": champion, "v2": rival, "har": rival, **more})


def challenge(**how):
    return compare(losses(**how), "v1", "v2")


def test_a_clearly_better_challenger_is_promoted_with_its_numbers():
    decision = decide(challenge(gain=0.05), None)
    assert decision.action == "promote"
    assert decision.reason.startswith(
        "promote v2: the evidence reached 20 and the gain 0.5%; over 250"
    )
    assert "Diebold-Mariano t = -" in decision.reason
    assert decision.challenge.evidence >= 20


def test_a_tie_keeps_the_champion():
    decision = decide(challenge(noise=0.0), None)
    assert decision.action == "keep"
    assert decision.challenge.evidence == 1.0
    assert "the gain must be at least 0.5%" in decision.reason


def test_the_words_say_plainly_who_lost_more_and_what_the_evidence_is():
    found = replace(
        challenge(), incumbent_loss=0.5, rival_loss=0.45, gain=0.1, evidence=0.304, sessions=7
    )
    assert (
        "over 7 sessions (2017-01-02 to 2017-12-15) the loss of v2 was 10.0% lower than that of v1"
        in found.words(20)
    )
    assert "(mean QLIKE 0.4500 against 0.5000); evidence 0.3 (20 required)" in found.words(20)
    assert "the loss of v2 was 10.0% higher than that of v1" in replace(found, gain=-0.1).words(20)
    assert "the loss of v2 equals that of v1" in replace(found, gain=0.0).words(20)
    assert "evidence 1,234 (20 required)" in replace(found, evidence=1234.4).words(20)
    assert "evidence above a million (20 required)" in replace(found, evidence=1e30).words(20)


def test_a_test_without_a_statistic_is_left_out():
    found = challenge(sessions=250)
    untold = replace(found, test=replace(found.test, statistic=math.nan))
    assert "Diebold-Mariano" in found.words(20)
    assert "nan" not in untold.words(20) and "Diebold" not in untold.words(20)


def test_a_better_challenger_without_evidence_waits():
    decision = decide(challenge(gain=0.05, sessions=25), None)
    assert decision.action == "keep"
    assert decision.reason.startswith("keep v1: the evidence is not sufficient yet; over 25")
    assert re.search(r"evidence [0-9.]+ \(20 required\)", decision.reason)


def test_evidence_for_a_gain_too_small_to_matter_promotes_nobody():
    found = challenge(gain=0.002, noise=0.001)
    assert found.evidence > 20
    assert decide(found, None).action == "keep"
    assert decide(found, None, GateRules(minimum_effect=0.001)).action == "promote"


def test_a_challenger_that_left_a_row_unanswered_is_not_promoted():
    table = losses(gain=0.05)
    table.loc[7, "v2"] = np.nan
    table.loc[8, "v2"] = np.inf
    decision = decide(compare(table, "v1", "v2"), None)
    assert decision.action == "keep"
    assert "v2 gave no usable forecast for 2 rows" in decision.reason


def test_a_challenger_that_is_nan_throughout_keeps_the_champion():
    decision = decide(compare(losses().assign(v2=np.nan), "v1", "v2"), None)
    assert decision.action == "keep"
    assert "no usable forecast for 500 rows" in decision.reason


def test_rows_the_champion_left_open_say_nothing():
    table = losses(gain=0.05)
    table.loc[:1, "v1"] = np.nan
    found = compare(table, "v1", "v2")
    assert (found.sessions, found.unanswered) == (249, 0)


def test_without_challenger_or_sessions_the_champion_stays():
    assert decide(None, None).reason == "keep: there is no challenger"
    nothing = compare(losses().iloc[:0], "v1", "v2")
    assert decide(nothing, None).action == "keep"
    assert "v2 and v1 cannot be compared on any session" in decide(nothing, None).reason


def test_tickers_of_a_date_are_averaged_before_the_test():
    one, many = losses(tickers=1, gain=0.01), losses(tickers=1, gain=0.01)
    copies = pd.concat([many.assign(ticker=f"C{i}") for i in range(50)])
    a, b = compare(one, "v1", "v2"), compare(copies, "v1", "v2")
    assert (a.sessions, a.evidence) == (b.sessions, pytest.approx(b.evidence))
    assert a.test.statistic == pytest.approx(b.test.statistic)


def test_the_order_of_the_rows_does_not_matter():
    table = losses(gain=0.02)
    assert compare(table.sample(frac=1, random_state=0), "v1", "v2").evidence == pytest.approx(
        compare(table, "v1", "v2").evidence
    )


def test_a_champion_that_loses_to_har_over_a_window_is_demoted():
    found = compare(losses(gain=0.008, noise=0.08), "v1", "har")
    assert found.evidence < 20
    decision = decide(challenge(gain=0.05), found)
    assert decision.action == "demote"
    why = "demote v1: its loss exceeded HAR's by 0.5% or more over a full window; over 250"
    assert decision.reason.startswith(why)


def test_before_a_window_is_full_only_evidence_demotes():
    weak = compare(losses(gain=0.005, noise=0.05, sessions=249), "v1", "har")
    strong = compare(losses(gain=0.1, sessions=100), "v1", "har")
    assert decide(None, weak).action == "keep"
    assert decide(None, strong).action == "demote"
    assert "the evidence for HAR reached 20" in decide(None, strong).reason


def test_a_champion_as_good_as_har_is_kept_and_the_reason_tells_of_har():
    decision = decide(None, compare(losses(noise=0.0), "v1", "har"))
    assert decision.action == "keep"
    assert "Against HAR: over 250 sessions" in decision.reason


def test_the_window_holds_the_last_origins_of_all_tickers():
    window = last_window(losses(sessions=300), GateRules(window=10))
    assert window["origin"].nunique() == 10
    assert len(window) == 20
    assert window["origin"].max() == losses(sessions=300)["origin"].max()


def test_only_sessions_after_both_were_trained_are_left():
    table = losses(sessions=30)
    first, second = pd.Timestamp("2017-01-10"), pd.Timestamp("2017-01-20")
    assert after_training(table, first, second)["origin"].min() == pd.Timestamp("2017-01-23")


def test_a_decision_can_be_written_as_json():
    written = json.dumps(asdict(decide(challenge(), None)), default=str)
    assert json.loads(written)["challenge"]["sessions"] == 250


@pytest.mark.parametrize("seed", range(6))
def test_the_benchmark_decides_as_the_gate_does_day_by_day(seed):
    table = losses(gain=0.02 if seed % 2 else 0.0, tickers=1, sessions=60, seed=seed)
    rules = GateRules(window=40)
    days = [table.iloc[: n + 1] for n in range(len(table))]
    asked = [decide(compare(past, "v1", "v2"), None).action for past in days]
    champion, rival = table["v1"].to_numpy(), table["v2"].to_numpy()
    assert promotes(champion, rival, 1) == ("promote" in asked)
    held = [decide(None, compare(last_window(p, rules), "v1", "har"), rules).action for p in days]
    assert demotes(champion, rival, rules) == ("demote" in held)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (losses().drop(columns="v2"), "need a column 'v2'"),
        (pd.concat([losses(), losses().iloc[:1]]), "hold T0 at 2017-01-02 twice"),
    ],
)
def test_a_table_that_cannot_be_compared_is_refused(table, message):
    with pytest.raises(ValueError, match=message):
        compare(table, "v1", "v2")


@pytest.mark.parametrize(
    "wrong", [{"horizon": 0}, {"alpha": 0.0}, {"alpha": 1.0}, {"minimum_effect": -0.1}]
)
def test_rules_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        replace(RULES, **wrong)
