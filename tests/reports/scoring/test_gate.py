"""Decisions of the gate: who is kept, promoted and demoted, and what the reason says."""

import json
import math
import re
from dataclasses import asdict, replace

import numpy as np
import pandas as pd
import pytest

from benchmarks.gate import find_demotions
from benchmarks.gate_market import Record
from volcast.reports.scoring.comparison import GateRules, after_training, compare, last_window
from volcast.reports.scoring.e_process import SplitGains
from volcast.reports.scoring.gate import decide
from volcast.reports.scoring.paired_sessions import read_gains

RULES = GateRules()


def sessions(*, gain=0.0, noise=0.1, count=250, seed=0):
    """Return sessions of a champion and of a rival that saves `gain` a session.

    The rival forecasts more than the champion, so that it can lose at most 0.7.
    """
    rng = np.random.default_rng(seed)
    champion = 0.45 + 0.1 * rng.random(count)
    saved = gain + noise * np.clip(rng.standard_normal(count), -3, 3)
    table = {
        "origin": pd.bdate_range("2017-01-02", periods=count),
        "incumbent_loss": champion,
        "rival_loss": champion - saved,
    }
    return pd.DataFrame(table).assign(
        gain_lower=0.0, worst_higher=0.7, worst_lower=0.0, unanswered=0
    )


def challenge(**how):
    return compare(sessions(**how), "v1", "v2")


def against_har(**how):
    return compare(sessions(**how), "v1", "har")


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
    found = challenge(count=250)
    untold = replace(found, test=replace(found.test, statistic=math.nan))
    assert "Diebold-Mariano" in found.words(20)
    assert "nan" not in untold.words(20) and "Diebold" not in untold.words(20)


def test_a_better_challenger_without_evidence_waits():
    decision = decide(challenge(gain=0.05, count=25), None)
    assert decision.action == "keep"
    assert decision.reason.startswith("keep v1: the evidence is not sufficient yet; over 25")
    assert re.search(r"evidence [0-9.]+ \(20 required\)", decision.reason)


def test_evidence_for_a_gain_too_small_to_matter_promotes_nobody():
    found = challenge(gain=0.002, noise=0.001, count=3_500)
    assert found.evidence > 20
    assert decide(found, None).action == "keep"
    assert decide(found, None, GateRules(minimum_effect=0.001)).action == "promote"


def test_a_challenger_that_left_a_row_unanswered_is_not_promoted():
    table = sessions(gain=0.05)
    table.loc[7, "unanswered"] = 2
    decision = decide(compare(table, "v1", "v2"), None)
    assert decision.action == "keep"
    assert "v2 gave no usable forecast for 2 rows" in decision.reason


def test_a_challenger_that_is_nan_throughout_keeps_the_champion():
    table = sessions().assign(rival_loss=np.nan, unanswered=2)
    decision = decide(compare(table, "v1", "v2"), None)
    assert decision.action == "keep"
    assert "no usable forecast for 500 rows" in decision.reason


def test_without_challenger_or_sessions_the_champion_stays():
    assert decide(None, None).reason == "keep: there is no challenger"
    nothing = compare(sessions().iloc[:0], "v1", "v2")
    assert decide(nothing, None).action == "keep"
    assert "v2 and v1 cannot be compared on any session" in decide(nothing, None).reason


def test_a_champion_that_loses_to_har_over_a_window_is_demoted():
    found = against_har(gain=0.008, noise=0.08)
    assert found.evidence < 20
    decision = decide(challenge(gain=0.05), found)
    assert decision.action == "demote"
    why = "demote v1: its loss exceeded HAR's by 0.5% or more over a full window; over 250"
    assert decision.reason.startswith(why)


def test_before_a_window_is_full_only_evidence_demotes():
    weak = against_har(gain=0.005, noise=0.05, count=249)
    strong = against_har(gain=0.2, count=100)
    assert decide(None, weak).action == "keep"
    assert decide(None, strong).action == "demote"
    assert "the evidence for HAR reached 20" in decide(None, strong).reason


def test_a_champion_as_good_as_har_is_kept_and_the_reason_tells_of_har():
    decision = decide(None, against_har(noise=0.0))
    assert decision.action == "keep"
    assert "Against HAR: over 250 sessions" in decision.reason


def test_the_window_holds_the_last_origins_of_all_tickers():
    origins = pd.bdate_range("2017-01-02", periods=300)
    rows = pd.DataFrame({"origin": origins.repeat(2), "ticker": ["A", "B"] * 300})
    window = last_window(rows, GateRules(window=10))
    assert window["origin"].nunique() == 10
    assert len(window) == 20
    assert window["origin"].max() == origins[-1]


def test_only_sessions_after_both_were_trained_are_left():
    first, second = pd.Timestamp("2017-01-10"), pd.Timestamp("2017-01-20")
    left = after_training(sessions(count=30), first, second)
    assert left["origin"].min() == pd.Timestamp("2017-01-23")


def test_a_decision_can_be_written_as_json():
    written = json.dumps(asdict(decide(challenge(), None)), default=str)
    assert json.loads(written)["challenge"]["sessions"] == 250


@pytest.mark.parametrize("seed", range(6))
def test_the_benchmark_decides_as_the_gate_does_day_by_day(seed):
    table = sessions(gain=0.1 if seed % 2 else 0.0, count=60, seed=seed)
    rules = GateRules(window=40)
    days = [table.iloc[: n + 1] for n in range(len(table))]
    asked = [decide(compare(past, "v1", "v2"), None).action for past in days]
    gains = SplitGains(*(each[None] for each in vars(read_gains(table)).values()))
    record = Record(gains, table["incumbent_loss"].to_numpy()[None])
    first = asked.index("promote") + 1 if "promote" in asked else -1
    assert record.find_promotions().tolist() == [first]
    after_shadow = next((n for n in range(20, 61) if asked[n - 1] == "promote"), 19) - 20
    assert record.find_promotions(shadow=20).tolist() == [after_shadow]
    held = [decide(None, compare(last_window(p, rules), "v1", "har"), rules).action for p in days]
    assert find_demotions(record, rules).tolist() == ["demote" in held]


@pytest.mark.parametrize(
    "wrong", [{"horizon": 0}, {"alpha": 0.0}, {"alpha": 1.0}, {"minimum_effect": -0.1}]
)
def test_rules_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        replace(RULES, **wrong)
