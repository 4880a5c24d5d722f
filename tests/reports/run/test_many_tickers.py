"""The report of many tickers: extremes, a table that can be searched, and its size."""

import pandas as pd
import pytest

from tests.reports import synthetic
from volcast.reports.blocks import TableBlock
from volcast.reports.run.many_tickers import EXTREMES, MOST_TICKERS, select_extremes
from volcast.reports.run.page import build_page, render_html, render_markdown
from volcast.reports.scoring.scores import POOLED

COUNT = MOST_TICKERS + 20


@pytest.fixture(scope="module")
def inputs():
    one = synthetic.make_forecasts()
    one = one[one["ticker"] == one["ticker"].iloc[0]]
    late = one[one["origin"].isin(sorted(one["origin"].unique())[-60:])]
    copies = []
    for number in range(COUNT):
        scale = 1.0 + number / COUNT
        columns = ["volatility", "volatility_lower", "volatility_upper", "volatility_realized"]
        scaled = {name: late[name] * scale for name in columns}
        copies.append(late.assign(ticker=f"T{number:03d}", **scaled))
    return synthetic.make_inputs(pd.concat(copies, ignore_index=True))


def test_of_many_tickers_the_lowest_and_the_highest_are_kept_in_each_group():
    frame = pd.DataFrame(
        {
            "horizon": [1] * 301 + [5] * 300,
            "ticker": [POOLED, *map(str, range(300)), *map(str, range(300))],
            "x": [0.5, *range(300), *range(300, 0, -1)],
        }
    )
    kept = select_extremes(frame, "x")
    assert kept.groupby("horizon")["ticker"].nunique().tolist() == [2 * EXTREMES + 1, 2 * EXTREMES]
    own = kept[(kept["horizon"] == 1) & (kept["ticker"] != POOLED)]["x"]
    assert sorted(own) == [*range(EXTREMES), *range(300 - EXTREMES, 300)]


def test_few_tickers_are_all_shown():
    frame = pd.DataFrame({"horizon": 1, "ticker": ["A", "B"], "x": [1.0, 2.0]})
    assert select_extremes(frame, "x") is frame


def test_every_ticker_has_a_row_that_can_be_found_and_no_other_table_grows(inputs):
    page = build_page(inputs)
    assert page.scripts == ["search.js", "ticker_lookup.js"]
    headline, *others = page.sections
    every = next(block for block in headline.blocks if isinstance(block, TableBlock))
    assert every.searchable and len(every.table.rows) == COUNT
    movers = headline.tables["Forecasts furthest above today"]
    assert 1 < len(movers.rows) < EXTREMES
    for section in others:
        for heading, table in section.tables.items():
            assert len(table.rows) <= 3 * (2 * EXTREMES + 1), (section.name, heading)


def test_the_page_has_a_script_only_for_tables_that_can_be_searched(inputs):
    assert "data-searchable" in render_html(inputs)
    assert "<script>" in render_html(inputs)
    few = render_html(synthetic.make_inputs())
    assert "<script" not in few and "data-searchable" not in few


def test_the_reader_is_told_where_the_other_rows_are(inputs):
    text = render_markdown(inputs)
    for file in ("`scores.csv`", "`forecasts.parquet`", "`risk.csv`"):
        assert f"{file} has all" in text
