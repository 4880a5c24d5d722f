"""One ticker at a time: the forecasts of the last months and the scores of a chosen ticker.

Computed from the newest forecasts, those of the last year and the score table. Shown if there are
more tickers than figures.
"""

from __future__ import annotations

import pandas as pd

from volcast.reports.blocks import Paragraph, TickerLookup
from volcast.reports.figure_panels import TICKERS_DRAWN
from volcast.reports.model_labels import model_label
from volcast.reports.run.columns import RATIO_TO_HAR
from volcast.reports.run.inputs import ReportInputs
from volcast.reports.section import Section
from volcast.reports.text_tables import (
    Column,
    horizon_name,
    p_value,
    sentence_case,
    text_table,
)
from volcast.reports.ticker_lookup import pack_tickers

COLUMNS = [
    Column("horizon", "Horizon", lambda horizon: sentence_case(horizon_name(horizon))),
    Column("volatility", "Forecast", ".1f"),
    Column("lower", "Lower", ".1f"),
    Column("upper", "Upper", ".1f"),
    Column("har", "HAR", ".1f"),
    Column("today", "Today", ".1f"),
    Column("rows", "Scored", ",.0f"),
    Column("qlike", "QLIKE", ".3f"),
    RATIO_TO_HAR,
    Column("dm_p_value", "DM p", p_value),
]


def build_section(inputs: ReportInputs) -> Section | None:
    """Return the section, or None if there is a figure for every ticker."""
    if len(inputs.tickers) <= TICKERS_DRAWN:
        return None
    horizon = int(inputs.newest["horizon"].min())
    labels = {
        "volatility": sentence_case(model_label(inputs.model)),
        "interval": f"{inputs.interval_text} interval",
        "har": "HAR",
        "realized": "Realised",
    }
    data = pack_tickers(
        inputs.tables.recent,
        _list_facts(inputs),
        headings=[column.heading for column in COLUMNS],
        labels=labels,
    )
    introduction = (
        f"Any of the {len(inputs.tickers):,} tickers, in report.html: the {horizon_name(horizon)} "
        "over the last months, and the newest forecasts and the scores at every horizon. Tickers "
        "in its tables lead here; `forecasts.parquet` and `scores.csv` have the numbers."
    )
    return Section(
        name="ticker",
        title="One ticker",
        blocks=[Paragraph(introduction), TickerLookup(data, inputs.tickers)],
    )


def _list_facts(inputs: ReportInputs) -> dict[str, list[list[str]]]:
    """Return the newest forecasts and the scores of each ticker, a row a horizon."""
    scores = inputs.scores
    names = ["horizon", "ticker", "rows", "qlike", "ratio_to_har", "dm_p_value"]
    own: pd.DataFrame = scores.loc[scores["model"] == inputs.model].reindex(columns=names)
    table = inputs.newest.merge(own, how="left", on=["horizon", "ticker"])
    rows = text_table(table, COLUMNS).rows
    facts: dict[str, list[list[str]]] = {}
    for ticker, row in zip(table["ticker"], rows, strict=True):
        facts.setdefault(str(ticker), []).append(row)
    return facts
