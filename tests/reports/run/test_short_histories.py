"""Short histories in the report of a run: the notice on the first screen, and what they cost."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.reports import synthetic
from volcast.reports.run.page import render_html, render_markdown
from volcast.reports.scoring.scored_rows import qlike
from volcast.reports.scoring.scores import score_table
from volcast.reports.scoring.short_history_losses import COLUMNS, short_history_losses

FIRST = pd.Timestamp("2008-11-03")


@pytest.fixture(scope="module")
def short(forecasts):
    """Forecasts whose last 64 origins of one ticker are from a short history."""
    late = forecasts["origin"] >= forecasts["origin"].drop_duplicates().sort_values().iloc[-64]
    return forecasts.assign(short_history=late & (forecasts["ticker"] == "^IXIC"))


@pytest.fixture(scope="module")
def told(short, history):
    table = pd.DataFrame({"ticker": ["^IXIC"], "sessions": [103], "first": [FIRST]})
    return synthetic.make_inputs(short, history, scores=score_table(short), histories=table)


def text_of(page):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page).replace("\N{NO-BREAK SPACE}", " "))


def test_the_first_screen_names_the_ticker_its_sessions_and_what_it_means(told):
    screen = render_markdown(told).split("## Forecast against realised")[0]
    assert (
        "**Short history.** ^IXIC (103 sessions since 2008-11-03): long-run features are unknown "
        "and count as the average of the panel, and the forecasts are not among the scored ones."
    ) in screen.replace("\\", "")
    assert screen.count("Short history, 103 sessions since 2008-11-03") == 3


def test_the_section_on_data_has_the_history_and_the_losses(told):
    text = text_of(render_html(told))
    assert "Ticker First session Sessions ^IXIC 2008-11-03 103" in text
    assert "Loss of the forecasts from short histories" in text
    assert re.search(r"next session The ticker's history is short \d+", text.replace("&#39;", "'"))


def test_a_report_without_short_histories_does_not_mention_them(inputs):
    assert "hort histor" not in render_html(inputs)
    assert "hort histor" not in render_html(replace(inputs, histories=None))


@pytest.mark.slow
def test_a_history_that_has_grown_leaves_its_losses_only(told, short):
    newest = short["origin"].max()
    grown = replace(
        told,
        forecasts=short.assign(short_history=short["short_history"] & (short["origin"] < newest)),
        histories=None,
    )
    text = text_of(render_html(grown))
    assert "Short history." not in text and "Loss of the forecasts from short histories" in text


def test_the_losses_are_those_of_a_loop_over_rows(short):
    losses = short_history_losses(short)
    assert list(losses.columns) == COLUMNS
    har = {}
    for horizon, model in losses[["horizon", "model"]].itertuples(index=False):
        rows = short[(short["horizon"] == horizon) & (short["model"] == model)]
        rows = rows[rows["short_history"] & rows["realized"].notna()]
        found = losses[(losses["horizon"] == horizon) & (losses["model"] == model)].iloc[0]
        mean = qlike(rows["realized"].to_numpy(), rows["variance"].to_numpy()).mean()
        assert (found["rows"], found["tickers"]) == (64 - horizon, 1)
        assert found["qlike"] == pytest.approx(mean)
        har[horizon] = har.get(horizon, 0.0) + (model == "har") * mean
    ratio = losses["qlike"] / losses["horizon"].map(har)
    np.testing.assert_allclose(losses["ratio_to_har"], ratio)


def test_a_row_that_one_model_does_not_forecast_counts_for_none(short):
    row = short.index[short["short_history"] & (short["horizon"] == 1)][0]
    holed = short.assign(variance=short["variance"].where(short.index != row))
    assert set(short_history_losses(holed).query("horizon == 1")["rows"]) == {62}


def test_there_is_no_table_of_losses_without_a_short_history(forecasts):
    assert short_history_losses(forecasts).empty
    assert short_history_losses(forecasts.assign(short_history=False)).empty
