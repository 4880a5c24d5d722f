import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from tests.reports import synthetic
from tests.reports.outline import outline
from volcast.reports.run.page import render_html, render_markdown
from volcast.reports.scoring.gain_attribution import STEP_COLUMNS
from volcast.reports.scoring.newest_forecasts import newest_forecasts
from volcast.reports.scoring.risk import RISK_COLUMNS


@pytest.fixture(scope="module")
def page(inputs):
    return render_html(inputs)


def test_the_page_needs_nothing_from_outside(page):
    parser = outline(page)
    assert all(link.startswith("#") for link in parser.links)
    assert not {"script", "link", "img", "iframe"} & {tag for tag, _ in parser.tags}
    assert "http" not in page
    assert "@import" not in page
    assert re.findall(r"url\((?!#)", page) == []


def test_ids_are_unique_and_every_link_has_its_target(page):
    parser = outline(page)
    assert len(parser.ids) == len(set(parser.ids))
    assert {link[1:] for link in parser.links} <= set(parser.ids)


def test_headings_never_skip_a_level(page):
    levels = outline(page).headings
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_every_figure_says_in_words_what_it_shows(page):
    figures = [a for tag, a in outline(page).tags if tag == "svg"]
    assert len(figures) == 2 + 3 + 2 + 3 + 3 + 3 + 3 + 3
    assert all(a["role"] == "img" and len(a["aria-label"]) > 20 for a in figures)


def test_the_answer_comes_first(page):
    words = ["^GSPC", "The network beats HAR", "Forecast against realised", "Scores"]
    words += [
        "Training",
        "calm and volatile",
        "carry the loss",
        "Is the level right?</h2>",
        "Interval coverage",
    ]
    words += ["Data quality", "Provenance</h2>"]
    main = page[page.index("<main>") :]
    places = [main.index(word) for word in words]
    assert places == sorted(places)


def test_the_first_screen_compares_with_har_and_with_the_strongest_baseline(inputs, page):
    pooled = inputs.scores[(inputs.scores["ticker"] == "all") & (inputs.scores["horizon"] == 1)]
    ratio = pooled.set_index("model")["ratio_to_har"]
    screen = page[page.index("Ratio to the strongest") : page.index("Forecast against realised")]
    assert ratio.drop("network").idxmin() == "har"
    assert screen.count(f"{ratio['network']:.3f}") == 2
    assert "of the 5 baselines is the one with the smallest QLIKE on these same rows" in screen


def test_the_cards_show_the_newest_forecast_with_interval_har_and_today(inputs, page):
    row = newest_forecasts(inputs.forecasts, inputs.today).iloc[0]
    card = page[page.index('<article class="card">') : page.index("</article>")]
    for value in (row["volatility"], row["lower"], row["upper"], row["har"], row["today"]):
        assert f"{value:.1f}" in card
    assert f"{row['target_start']:%Y-%m-%d}" in card


def test_the_same_content_gives_the_same_bytes(inputs, page):
    assert render_html(inputs) == page
    assert render_markdown(inputs) == render_markdown(inputs)


def test_names_that_look_like_markup_or_mathematics_stay_names(history):
    nasty = "<b>x|$a_b$"
    forecasts = synthetic.make_forecasts((nasty, "B&C"), (1,), sessions=60)
    inputs = synthetic.make_inputs(
        forecasts,
        history,
        title="<script>alert(1)</script>",
        failures={"<i>": "no bars & none expected"},
        settings={"<u>": "</dl>"},
        provenance={"Configuration": "</pre><b>\n[x]", "<h1>": {"<k>": "<v>"}},
    )
    page = render_html(inputs)
    outline(page)
    assert not re.search(r"<(script|b>x|i>:|u>|h1><|k>|v>)", page)
    assert "&lt;b&gt;x|$a_b$" in page
    assert "&lt;b&gt;x\\|$a_b$" in render_markdown(inputs)


def test_a_missing_forecast_is_said_on_the_first_screen(forecasts, history):
    near = forecasts[forecasts["horizon"] == 1]
    failing = synthetic.make_inputs(near, history, failures={"XYZ": "no bars"})
    page = render_html(failing)
    assert page.index("XYZ: no bars") < page.index("Forecast against realised")


def test_many_tickers_become_a_table_with_figures_for_a_few(history):
    tickers = [f"T{i:03d}" for i in range(15)]
    forecasts = synthetic.make_forecasts(tickers, (1,), sessions=30)
    page = render_html(synthetic.make_inputs(forecasts, history))
    assert "<article" not in page
    assert "Drawn for the 6 most volatile of 15 tickers." in page
    assert page.count('id="forecast-') > 0
    assert "forecast-6" not in page
    assert all(f"<td>{ticker}</td>" in page for ticker in tickers)


def test_a_report_without_scores_and_curves_still_gives_the_forecast(forecasts):
    fresh = forecasts.assign(realized=np.nan, volatility_realized=np.nan)
    inputs = synthetic.make_inputs(fresh, synthetic.make_history().head(0))
    page = render_html(inputs)
    outline(page)
    assert "cannot be compared with HAR" in page
    assert "No training curve was recorded." in page
    assert "cannot be compared with HAR" in render_markdown(inputs)


def test_a_report_of_one_origin_and_one_ticker_renders(history):
    forecasts = synthetic.make_forecasts(("A",), (1,), sessions=1)
    outline(render_html(synthetic.make_inputs(forecasts, history)))


def test_a_report_without_network_and_har_is_about_the_first_model(forecasts, history):
    naive = forecasts[forecasts["model"] == "ewma"]
    page = render_html(synthetic.make_inputs(naive, history))
    outline(page)
    assert "EWMA" in page


def test_markdown_tables_have_as_many_cells_in_every_row(inputs):
    text = render_markdown(inputs)
    for block in re.findall(r"(?:^\|.*\|$\n?)+", text, flags=re.MULTILINE):
        counts = {len(re.findall(r"(?<!\\)\|", line)) for line in block.strip().splitlines()}
        assert len(counts) == 1
        assert set(block.splitlines()[1]) <= set("|-: ")
    assert text.startswith("# Volatility forecast\n")
    assert "## Provenance" in text


def test_the_gain_is_split_and_the_tail_backtested_in_words_and_numbers(page):
    text = page.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NON-BREAKING HYPHEN}", "-")
    assert "from more information" in text and "from blending with HAR-X" in text
    assert "Does the network beat HAR?" in text
    assert "Value at risk" in text and "Tickers passed" in text
    assert "Where in the forecast density outcomes fall" in text


def test_without_steps_and_risk_their_sections_say_so(forecasts, history):
    page = render_html(
        synthetic.make_inputs(
            forecasts,
            history,
            steps=pd.DataFrame(columns=STEP_COLUMNS),
            risk=pd.DataFrame(columns=RISK_COLUMNS),
        )
    )
    assert "No row is scored for both the network and HAR yet" in page
    assert "No one-session forecast has 250 earlier residuals yet" in page


def test_the_data_section_says_how_files_were_read(inputs):
    line = (
        "VTSAX.csv: plain table, so that variance is measured from close to close; 9 bars of VTSAX"
    )
    assert f"Read {line}." in render_markdown(replace(inputs, files=[line]))
    assert "Read VTSAX" not in render_markdown(inputs)


def test_the_data_section_says_from_when_to_when_a_series_goes(inputs):
    line = "^VIX: 2 closes, 2018-12-28 to 2018-12-31, the last one 25.4"
    with_series = replace(inputs, series=[line])
    assert f"Exogenous series {line}." in render_markdown(with_series)
    assert "Exogenous series" not in render_markdown(inputs)
