import html.parser
import re
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from tests.reports import synthetic
from volcast.reports.document import render_html, render_markdown
from volcast.reports.gain_attribution import STEP_COLUMNS
from volcast.reports.headline import newest_forecasts, verdict_sentence
from volcast.reports.risk import RISK_COLUMNS

VOID = {"meta", "br", "img", "link", "hr", "path", "use", "rect"}


class Outline(html.parser.HTMLParser):
    """Collects tags, ids and links, and checks that elements are closed in order."""

    def __init__(self):
        super().__init__()
        self.tags, self.ids, self.links, self.headings = [], [], [], []
        self.open = []

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.tags.append((tag, attributes))
        self.ids += [attributes["id"]] if "id" in attributes else []
        self.links += [attributes[key] for key in ("href", "src") if key in attributes]
        self.headings += [int(tag[1])] if re.fullmatch(r"h[1-6]", tag) else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag


def outline(page):
    parser = Outline()
    parser.feed(page)
    parser.close()
    assert not parser.open
    return parser


@pytest.fixture(scope="module")
def page(content):
    return render_html(content)


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
    assert len(figures) == 2 + 3 + 2 + 3 + 3 + 3 + 3
    assert all(a["role"] == "img" and len(a["aria-label"]) > 20 for a in figures)


def test_the_answer_comes_first(page):
    words = ["^GSPC", "The network earned its keep", "Forecast against realised", "Scores"]
    words += ["Training", "calm and stormy", "carry the loss", "Interval coverage"]
    words += ["Data quality", "Provenance</h2>"]
    main = page[page.index("<main>") :]
    places = [main.index(word) for word in words]
    assert places == sorted(places)


def test_the_cards_show_the_newest_forecast_with_interval_har_and_today(content, page):
    row = newest_forecasts(content.forecasts, content.today).iloc[0]
    card = page[page.index('<article class="card">') : page.index("</article>")]
    for value in (row["volatility"], row["lower"], row["upper"], row["har"], row["today"]):
        assert f"{value:.1f}" in card
    assert f"{row['target_start']:%Y-%m-%d}" in card


def test_the_same_content_gives_the_same_bytes(content, page):
    assert render_html(content) == page
    assert render_markdown(content) == render_markdown(content)


def test_names_that_look_like_markup_or_mathematics_stay_names(history):
    nasty = "<b>x|$a_b$"
    forecasts = synthetic.make_forecasts((nasty, "B&C"), (1,), sessions=60)
    content = synthetic.make_content(
        forecasts,
        history,
        title="<script>alert(1)</script>",
        failures={"<i>": "no bars & none expected"},
        settings={"<u>": "</dl>"},
        provenance={"Configuration": "</pre><b>\n[x]", "<h1>": {"<k>": "<v>"}},
    )
    page = render_html(content)
    outline(page)
    assert not re.search(r"<(script|b>x|i>:|u>|h1><|k>|v>)", page)
    assert "&lt;b&gt;x|$a_b$" in page
    assert "&lt;b&gt;x\\|$a_b$" in render_markdown(content)


def test_a_missing_forecast_is_said_on_the_first_screen(forecasts, history):
    near = forecasts[forecasts["horizon"] == 1]
    failing = synthetic.make_content(near, history, failures={"XYZ": "no bars"})
    page = render_html(failing)
    assert page.index("XYZ: no bars") < page.index("Forecast against realised")


def test_many_tickers_become_a_table_with_figures_for_a_few(history):
    tickers = [f"T{i:03d}" for i in range(15)]
    forecasts = synthetic.make_forecasts(tickers, (1,), sessions=30)
    page = render_html(synthetic.make_content(forecasts, history))
    assert "<article" not in page
    assert "Drawn for the 6 most volatile of 15 tickers." in page
    assert page.count('id="forecast-') > 0
    assert "forecast-6" not in page
    assert all(f"<td>{ticker}</td>" in page for ticker in tickers)


def test_a_report_without_scores_and_curves_still_gives_the_forecast(forecasts):
    fresh = forecasts.assign(realized=np.nan, volatility_realized=np.nan)
    content = synthetic.make_content(fresh, synthetic.make_history().head(0))
    page = render_html(content)
    outline(page)
    assert "cannot be said" in page
    assert "No training curve was recorded." in page
    assert "cannot be said" in render_markdown(content)


def test_a_report_of_one_origin_and_one_ticker_renders(history):
    forecasts = synthetic.make_forecasts(("A",), (1,), sessions=1)
    outline(render_html(synthetic.make_content(forecasts, history)))


def test_a_report_without_network_and_har_is_about_the_first_model(forecasts, history):
    naive = forecasts[forecasts["model"] == "ewma"]
    page = render_html(synthetic.make_content(naive, history))
    outline(page)
    assert "EWMA" in page


def test_markdown_tables_have_as_many_cells_in_every_row(content):
    text = render_markdown(content)
    for block in re.findall(r"(?:^\|.*\|$\n?)+", text, flags=re.MULTILINE):
        counts = {len(re.findall(r"(?<!\\)\|", line)) for line in block.strip().splitlines()}
        assert len(counts) == 1
        assert set(block.splitlines()[1]) <= set("|-: ")
    assert text.startswith("# Volatility forecast\n")
    assert "## Provenance" in text


def scores(*rows):
    table = pd.DataFrame(rows, columns=["horizon", "ratio_to_har", "dm_p_value"])
    return table.assign(ticker="all", model="network")


def test_the_sentence_takes_a_side_only_where_the_test_does():
    assert verdict_sentence(scores((1, 0.9, 0.0001))) == (
        "The network earned its keep against HAR: better for the next session "
        "(QLIKE ratio 0.900, p < 0.001)."
    )
    mixed = verdict_sentence(scores((1, 0.9, 0.01), (5, 0.99, 0.4), (22, 1.2, 0.02)))
    assert mixed == (
        "The network earned its keep against HAR only in part: better for the next session "
        "(QLIKE ratio 0.900, p = 0.010); not distinguishable from it for the next week "
        "(QLIKE ratio 0.990, p = 0.400); worse for the next month (QLIKE ratio 1.200, p = 0.020)."
    )
    assert "did not earn its keep" in verdict_sentence(scores((1, 0.95, 0.2)))
    assert "too few dates to test" in verdict_sentence(scores((1, 0.95, np.nan)))


def test_an_old_or_clipped_forecast_says_so(forecasts):
    newest = forecasts["origin"].max()
    stale = forecasts[(forecasts["ticker"] != "^IXIC") | (forecasts["origin"] < newest)]
    stale = stale.assign(clipped=True)
    table = newest_forecasts(stale, synthetic.make_content(forecasts).today)
    notes = table.set_index("ticker")["note"]
    assert notes["^GSPC"].iloc[0] == "clipped to the range seen in training"
    assert "as of" in notes["^IXIC"].iloc[0]


def test_tickers_are_ordered_by_the_volatility_of_the_next_session(content):
    table = newest_forecasts(content.forecasts, content.today)
    heights = table[table["horizon"] == 1]["volatility"].to_numpy()
    assert (np.diff(heights) <= 0).all()
    assert table.groupby("ticker").size().eq(3).all()


def test_a_table_that_lacks_a_column_is_refused(content, history):
    with pytest.raises(ValueError, match="`today`"):
        synthetic.make_content(content.forecasts, history, today=pd.DataFrame({"ticker": []}))
    with pytest.raises(ValueError, match="interval_level"):
        synthetic.make_content(content.forecasts, history, interval_level=90)


def test_the_gain_is_split_and_the_tail_backtested_in_words_and_numbers(page):
    text = page.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NON-BREAKING HYPHEN}", "-")
    assert "from more information" in text and "from blending with HAR-X" in text
    assert "Does the network earn its keep?" in text
    assert "Value at risk" in text and "Tickers passed" in text
    assert "Where in the forecast density outcomes fall" in text


def test_without_steps_and_risk_their_sections_say_so(forecasts, history):
    page = render_html(
        synthetic.make_content(
            forecasts,
            history,
            steps=pd.DataFrame(columns=STEP_COLUMNS),
            risk=pd.DataFrame(columns=RISK_COLUMNS),
        )
    )
    assert "No scored row of network and HAR to compare" in page
    assert "No one-session forecasts with 250 residuals before them" in page
