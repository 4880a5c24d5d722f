"""The daily report: what it says first, and that it says nothing that is not so."""

import re
from dataclasses import replace

import pandas as pd
import pytest

from volcast.reports.daily.index import IndexRow, render_index
from volcast.reports.daily.inputs import DailyInputs
from volcast.reports.daily.page import render_html

DAY = pd.Timestamp("2018-12-28")
DATES = pd.bdate_range("2018-12-21", periods=6)


def forecast(ticker, model="network 2", change=0.5, horizon=1):
    return {
        "ticker": ticker,
        "horizon": horizon,
        "model": model,
        "target_start": DATES[-1],
        "target_end": DATES[-1],
        **{"volatility": 20.0, "low": 10.0, "high": 30.0, "har": 21.0, "change": change},
    }


def change(action, subject, reason="evidence of 20", who=None, why=None):
    told = {"written_at": DAY, "action": action, "subject": subject, "reason": reason}
    return {**told, "who": who, "why": why}


def score(series, ratio=0.9):
    return {
        **{"series": series, "horizon": 1, "first": DATES[0], "rows": 4, "qlike": 0.4},
        **{"ratio_to_har": ratio, "backtest_qlike": 0.3, "backtest_ratio": 0.8, "coverage": 0.9},
        **{"level_ratio": 1.1, "beyond": 0.06},
    }


def alert(subject, day, name="input drift"):
    message = f"{subject}: PSI 3.7"
    return {"name": name, "subject": subject, "message": message, "written_at": pd.Timestamp(day)}


def table(rows, like):
    return pd.DataFrame(rows, columns=list(like))


def alerts_of(*rows):
    return table(rows, alert("x", DAY))


def changes_of(*rows):
    return table(rows, change("promote", "x"))


def scores_of(*rows):
    return table(rows, score("issued"))


PAST = pd.DataFrame(
    {
        "ticker": "^GSPC",
        "target_start": DATES,
        **{"volatility": 20.0, "low": 10.0, "high": 30.0, "har": 21.0},
        "realized": [18.0, 22.0, 25.0, 17.0, 19.0, float("nan")],
    }
)
QUIET = DailyInputs(
    day=DAY,
    champion="network 2",
    decision="keep the champion: there is no challenger",
    forecasts=pd.DataFrame([forecast("^GSPC"), forecast("^IXIC", change=-4.7)]),
    past=PAST,
    scores=scores_of(score("issued"), score("network 2"), score("har 2018-11-30", 1.0)),
    alerts=alerts_of(),
    changes=changes_of(change("promote", "network 2"), change("registered", "network 2")),
)
TROUBLED = replace(QUIET, alerts=alerts_of(alert("har_1", "2018-12-01"), alert("max_22", DAY)))


def text_of(inputs):
    page = render_html(inputs)
    plain = re.sub(r"<[^>]+>", " ", re.sub(r"<(style|svg).*?</\1>", "", page, flags=re.DOTALL))
    return re.sub(r"\s+", " ", plain.replace("&#39;", "'").replace("\N{NO-BREAK SPACE}", " "))


def sections_of(inputs):
    return re.findall(r'<section id="(\w+)">', render_html(inputs))


def test_a_quiet_day_says_that_there_is_nothing_to_do_and_has_alerts_last():
    text = text_of(QUIET)
    assert "nothing to do: every ticker has a forecast and no alert is open" in text
    assert sections_of(QUIET) == ["forecasts", "champion", "scores", "alerts"]
    assert 'class="warning"' not in render_html(QUIET)


def test_open_alerts_are_shown_under_the_title_and_in_the_second_section():
    text = text_of(TROUBLED)
    assert "2 alerts are open; the newest: input drift of max_22, since 2018-12-28." in text
    assert sections_of(TROUBLED) == ["forecasts", "alerts", "champion", "scores"]
    assert text.index("2 alerts are open;") < text.index("Champion and challenger")
    assert "nothing to do" not in text and "check the alerts below" in text
    one = replace(QUIET, alerts=alerts_of(alert("har_1", DAY)))
    assert "1 alert is open; the newest" in text_of(one)


def test_an_alerts_subject_is_not_repeated_in_its_row():
    assert re.search(r"max_22 PSI 3\.7 Input drift 2018-12-28", text_of(TROUBLED))


def test_a_ticker_without_a_forecast_is_named():
    text = text_of(replace(QUIET, missing=["NEW", "B", "C", "D", "E"]))
    assert "2 forecasts for 2 tickers, none for NEW, B, C and 2 more." in text
    assert "find out why there is no forecast for NEW, B, C and 2 more" in text
    assert "every ticker has a forecast" not in text
    noted = text_of(replace(QUIET, missing=["NEW"], notes=["no forecast for NEW: no bar"]))
    assert "Next: no forecast for NEW: no bar." in noted and "find out why" not in noted


def test_the_nearest_reports_are_told_with_the_largest_effect_and_drawn_first():
    told = {"report": "reports on 2019-01-03", "without_report": float("nan")}
    day = [{**forecast(name), **told} for name in ("A", "B", "C")]
    week = [{**each, "horizon": 5, "without_report": 19.0} for each in day]
    week[1]["without_report"], week[2]["without_report"] = 8.0, float("nan")
    past = pd.concat([PAST.assign(ticker=name) for name in ("C", "B", "A")])
    inputs = replace(QUIET, forecasts=pd.DataFrame([*day, *week]), past=past)
    assert (
        "Earnings reports are traded on within the next week: B, A. The largest effect is on B, "
        "20.0 % instead of 8.0 %."
    ) in text_of(inputs)
    page = render_html(inputs)
    figures = [page.index(f"Issued forecasts for {name} ") for name in ("B", "A", "C")]
    assert figures == sorted(figures)
    day[2]["without_report"] = 12.0
    nearer = text_of(replace(inputs, forecasts=pd.DataFrame([*day, *week])))
    assert "traded on in the next session: C. The largest effect is on C, 20.0 %" in nearer


def test_a_short_history_is_told_first_and_in_its_rows():
    history = "64 sessions since 2018-09-26"
    rows = [{**forecast("A"), "history": ""}, {**forecast("NEW"), "history": history}]
    text = text_of(replace(QUIET, forecasts=pd.DataFrame([*rows, {**rows[1], "horizon": 5}])))
    assert (
        f"Short history: NEW ({history}); long-run features are unknown and count as the average "
        "of the panel." in text
    )
    assert text.count(history) == 3
    assert "hort history" not in text_of(replace(QUIET, forecasts=pd.DataFrame(rows[:1])))


def test_where_models_differ_the_subtitle_and_every_row_name_them():
    mixed = pd.DataFrame([*[forecast("^GSPC")] * 2, forecast("NEW", "HAR")])
    text = text_of(replace(QUIET, forecasts=mixed))
    assert "forecasts by network 2, by HAR for NEW." in text
    assert "NEW next session HAR 20.0" in text and "^GSPC next session Network 2 20.0" in text
    assert "forecasts by network 2. All daily" in text_of(QUIET)
    assert "next session Network 2" not in text_of(QUIET).split("Champion and challenger")[1]


def test_further_intervals_are_columns_beside_the_first():
    levels = {"low_50": 15.04, "high_50": 24.0, "low_97.5": float("nan"), "high_97.5": float("nan")}
    text = text_of(replace(QUIET, forecasts=QUIET.forecasts.assign(**levels)))
    assert "High 50 % 97.5 % HAR" in text and "15.0\N{EN DASH}24.0" in text
    assert "50 %" not in text_of(QUIET)


def test_a_day_without_forecasts_has_a_page():
    nothing = replace(QUIET, forecasts=QUIET.forecasts.iloc[:0], past=PAST.iloc[:0])
    assert "forecasts by no model" in text_of(nothing)


def test_the_figure_names_the_issued_forecasts_whichever_model_made_them():
    page = render_html(QUIET)
    assert ">Issued<" in page and ">Network<" not in page


def test_a_change_is_given_by_its_direction_and_no_range():
    assert "down 4.7 points, to 20.0 %." in text_of(QUIET)
    rising = replace(QUIET, forecasts=pd.DataFrame([forecast("^GSPC", change=1.2)]))
    assert "1 forecast for 1 ticker." in text_of(rising) and "up 1.2 points" in text_of(rising)


def test_a_manual_override_comes_before_the_gates_decision():
    by_hand = change("demote", "har 1", "a manual override", "Ann", "the network lags.")
    text = text_of(replace(QUIET, champion="har 1", changes=changes_of(by_hand)))
    assert "HAR 1 is champion, set by Ann: the network lags. The gate: keep the champion:" in text
    assert "HAR 1 a manual override: the network lags." in text


def test_an_override_that_the_gate_has_undone_since_does_not_come_first():
    by_hand = change("demote", "har 1", "a manual override", "Ann", "a test")
    changes = changes_of(change("registered", "network 3"), change("promote", "network 2"), by_hand)
    text = text_of(replace(QUIET, changes=changes))
    assert "Network 2 is champion. Keep the champion" in text and "set by Ann" not in text


def test_the_reasons_of_changes_wrap():
    row = '<td class="words">evidence of 20</td>'
    assert row in render_html(QUIET)


def test_scores_name_har_in_capitals_and_say_what_the_backtest_is():
    text = text_of(QUIET)
    assert "HAR 2018-11-30" in text and "Har " not in text
    assert "The backtest is the validation part of the model's training, before it was" in text


def test_a_replay_is_called_one():
    assert "Scores of the replay" not in text_of(QUIET) and "Live scores" in text_of(QUIET)
    text = text_of(replace(QUIET, replayed=True))
    assert "Live scores" not in text and "forecasts carry the times of the replayed clock" in text


@pytest.mark.parametrize(
    ("scores", "late", "words"),
    [
        (scores_of(), 0, "No outcome is known yet."),
        (scores_of(), 12, "12 forecasts have an outcome, but all were written after their target"),
        (scores_of(), 1, "1 forecast has an outcome but was written after its target had begun"),
        (QUIET.scores, 3, "3 more were written after their target had begun: not scored."),
    ],
)
def test_forecasts_that_were_written_too_late_are_counted(scores, late, words):
    assert words in text_of(replace(QUIET, scores=scores, late=late))


def test_a_page_links_to_the_index_and_to_the_previous_report():
    assert 'href="../index.html"' in render_html(QUIET)
    assert "Previous report</a>" not in render_html(QUIET)
    later = render_html(replace(QUIET, before="../2018-12-27/report.html"))
    assert '<a href="../2018-12-27/report.html">Previous report</a>' in later


def test_the_index_has_a_row_a_day_and_dashes_where_nothing_is_known():
    rows = [IndexRow("B/report.html", "har 1", 3.0, 6.0, 0.8153), IndexRow("A/report.html")]
    page = render_index(rows)
    assert '<a href="B/report.html">B</a>' in page and '<a href="A/report.html">A</a>' in page
    cells = re.findall(r"<td[^>]*>([^<]+)</td>", page)
    assert cells == ["HAR 1", "3", "6", "0.815", *["\N{EN DASH}"] * 4]


def test_an_index_without_reports_is_a_page():
    assert "Daily reports" in render_index([])
