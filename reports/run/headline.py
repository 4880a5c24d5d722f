"""First screen: what is forecast now, and whether the network beats HAR.

Computed from the newest forecasts and the pooled scores. Shows a card a ticker, or a table if there
are many tickers, then the verdict, the network beside HAR, the strongest baseline and HAR-X, the
tickers without a forecast or with a short history, and all forecasts with dates.
"""

from typing import Any

import markupsafe
import pandas as pd

from volcast.reports.blocks import (
    Block,
    Card,
    Cards,
    Mark,
    Notice,
    Paragraph,
    TableBlock,
    fold_table,
)
from volcast.reports.coming_reports import describe_effect
from volcast.reports.model_labels import model_label
from volcast.reports.run.columns import HORIZON, TICKER
from volcast.reports.run.inputs import ReportInputs
from volcast.reports.run.many_tickers import MOST_TICKERS
from volcast.reports.scoring.baseline_verdict import compare_with_baselines
from volcast.reports.scoring.har_verdict import verdict_sentence
from volcast.reports.section import Section
from volcast.reports.short_histories import EXPLANATION, list_histories
from volcast.reports.text_tables import (
    Column,
    TextTable,
    date,
    horizon_name,
    p_value,
    sentence_case,
    text_table,
)

CARDS = 8  # more tickers than this are a table
WARNINGS = 3  # shown on the first screen
FAILURES = 20
MOVERS = 15
FORM = ".1f"  # of volatilities
MARKS = (("har", "har"), ("now", "today"), ("net", "volatility"))  # kind of mark, column
NOTES, EFFECT = ("report", "note"), ["horizon", "report"]
REPORT, NOTE = Column("report", "Report", sentence_case), Column("note", "Note", sentence_case)
COMPARISON = [
    Column("horizon", "Network's QLIKE", lambda horizon: sentence_case(horizon_name(horizon))),
    Column("ratio_to_har", "Ratio to HAR", ".3f", strong=True),
    Column("dm_p_value", "DM p", p_value),
    Column("ratio_to_strongest", "Ratio to the strongest", ".3f", strong=True),
    Column("strongest", "Strongest baseline", model_label),
    Column("ratio_to_harx", "Ratio to HAR-X", ".3f", strong=True),
    Column("dm_harx_p_value", "DM p", p_value),
]
COMPARED = (
    "The strongest of the {count} baselines is the one with the smallest QLIKE on these same rows, "
    "a choice that favours it. DM p: two-sided Diebold-Mariano test against HAR, and against HAR-X."
)


def build_section(inputs: ReportInputs) -> Section:
    """Return the section that opens the report."""
    newest = inputs.newest.assign(interval=_intervals(inputs.newest))
    effects = zip(newest["report"], newest["without_report"], strict=True)
    newest = newest.assign(report=[describe_effect(*each) for each in effects])
    few = len(inputs.tickers) <= CARDS
    return Section(
        name="headline",
        title="Forecasts and verdict",
        title_shown=False,
        short_title="Forecasts",
        blocks=[
            *(_cards(newest, inputs) if few else _overview(newest, inputs)),
            Paragraph(verdict_sentence(inputs.scores), style="lead"),
            *_comparison(inputs),
            *_failures(inputs),
            *_short_histories(newest),
            *_level_warnings(inputs),
            *_dated_forecasts(newest, inputs),
        ],
    )


def _cards(newest: pd.DataFrame, inputs: ReportInputs) -> list[Block]:
    top = float(newest[["upper", "volatility", "har", "today"]].max().max())
    cards = [
        _card(str(ticker), rows, top, inputs)
        for ticker, rows in newest.groupby("ticker", sort=False)
    ]
    legend = {"band": "interval", "net": model_label(inputs.model), "har": "HAR", "now": "today"}
    return [Cards(cards, legend)]


def _card(ticker: str, rows: pd.DataFrame, top: float, inputs: ReportInputs) -> Card:
    """Return the card of a ticker; places on its scale are in percent of the highest value."""
    first: dict[Any, Any] = rows.to_dict("records")[0]
    horizon = sentence_case(horizon_name(first["horizon"]))
    lower, upper = (_place(first[name], top) for name in ("lower", "upper"))
    places = [(kind, _place(first[name], top)) for kind, name in MARKS]
    return Card(
        title=ticker,
        subtitle=f"{horizon}, {date(first['target_start'])}",
        value=_format(first["volatility"]),
        facts=[
            ("", first["interval"], f" at {inputs.interval_text}"),
            ("HAR", _format(first["har"]), ""),
            ("today", _format(first["today"]), ""),
        ],
        band=None if lower is None or upper is None else (lower, round(upper - lower, 2)),
        marks=[Mark(kind, place) for kind, place in places if place is not None],
        table=_later_horizons(rows.iloc[1:], inputs.model) if len(rows) > 1 else None,
        note=" ".join(f"{sentence_case(first[name])}." for name in NOTES if first[name]),
    )


def _later_horizons(rows: pd.DataFrame, model: str) -> TextTable:
    until = [
        markupsafe.Markup("{} <small>to {}</small>").format(
            sentence_case(horizon_name(horizon)), date(end)
        )
        for horizon, end in zip(rows["horizon"], rows["target_end"], strict=True)
    ]
    columns = [
        Column("until", "Then", markupsafe.Markup),
        Column("volatility", model_label(model), FORM, strong=True),
        Column("interval", "Interval", right=True),
        Column("har", "HAR", FORM),
    ]
    return text_table(rows.assign(until=until), columns)


def _overview(newest: pd.DataFrame, inputs: ReportInputs) -> list[Block]:
    """Return a table with a row a ticker, and its introduction."""
    first = newest.drop_duplicates("ticker").assign(report=_summarise_reports(newest))
    table = first[["ticker", "today", *NOTES]]
    columns = [TICKER, Column("today", "Today", FORM)]
    for horizon, rows in newest.groupby("horizon"):
        names = {name: f"{name}_{horizon}" for name in ("volatility", "interval", "har")}
        table = table.merge(rows[["ticker", *names]].rename(columns=names), on="ticker", how="left")
        columns += [
            Column(
                names["volatility"],
                sentence_case(horizon_name(int(str(horizon)))),
                FORM,
                strong=True,
            ),
            Column(names["interval"], "Interval", right=True),
            Column(names["har"], "HAR", FORM),
        ]
    introduction = (
        f"{len(first)} tickers, the most volatile first; the next session is "
        f"{date(first['target_start'].iloc[0])}, intervals are at {inputs.interval_text}."
    )
    shown = text_table(table, [*columns, *_list_notes(table)])
    many = len(first) > MOST_TICKERS
    blocks: list[Block] = [Paragraph(introduction, style="note")]
    blocks.append(TableBlock(shown, tall=True, searchable=many))
    return [*blocks, *(_movers(first) if many else [])]


def _movers(first: pd.DataFrame) -> list[Block]:
    """Return the tickers whose forecast is furthest above and below the volatility of today."""
    change = first["volatility"] / first["today"] - 1.0
    ordered = first.assign(change=change).dropna(subset="change").sort_values("change")
    columns = [
        TICKER,
        Column("today", "Today", FORM),
        Column("volatility", "Forecast", FORM, strong=True),
        Column("change", "Change", "+.0%"),
    ]
    rising, falling = ordered.iloc[::-1].head(MOVERS), ordered.head(MOVERS)
    return [
        fold_table("Forecasts furthest above today", text_table(rising, columns)),
        fold_table("Forecasts furthest below today", text_table(falling, columns)),
    ]


def _dated_forecasts(newest: pd.DataFrame, inputs: ReportInputs) -> list[Block]:
    """Return all forecasts with their dates; of many tickers, where they are."""
    if len(inputs.tickers) > MOST_TICKERS:
        return [Paragraph("`forecasts.parquet` has all forecasts with their dates.", style="note")]
    return [fold_table("All forecasts with their dates", _dated_table(newest, inputs.model))]


def _summarise_reports(newest: pd.DataFrame) -> list[str]:
    """Return for each ticker its report, and its effect at the shortest horizon that has one."""
    texts = []
    for _, rows in newest.groupby("ticker", sort=False):
        effect = rows[rows["without_report"].notna()].head(1)
        named = [f"{horizon_name(horizon)}: {text}" for horizon, text in effect[EFFECT].to_numpy()]
        texts.append(named[0] if named else str(rows["report"].iloc[0]))
    return texts


def _comparison(inputs: ReportInputs) -> list[Block]:
    """Return the network's ratios to HAR, the strongest baseline and HAR-X, if it is scored."""
    table = compare_with_baselines(inputs.scores)
    if table.empty:
        return []
    count = inputs.scores["model"].nunique() - 1
    note = Paragraph(COMPARED.format(count=count), style="note")
    return [TableBlock(text_table(table, COMPARISON)), note]


def _failures(inputs: ReportInputs) -> list[Block]:
    if not inputs.failures:
        return []
    count = len(inputs.failures)
    listed = list(inputs.failures.items())[:FAILURES]
    reasons = "; ".join(f"{ticker}: {reason}" for ticker, reason in listed)
    if count > FAILURES:
        reasons += f"; and {count - FAILURES:,} more, which `manifest.json` names"
    return [Notice(f"{reasons}.", f"No forecast for {count} ticker{'s' if count > 1 else ''}.")]


def _short_histories(newest: pd.DataFrame) -> list[Block]:
    """Return which tickers have a short history, and what that means for their forecasts."""
    listed = list_histories(newest)
    if not listed:
        return []
    text = f"{listed}: {EXPLANATION}, and the forecasts are not among the scored ones."
    return [Notice(text, "Short history.", ("Data quality", "#quality"))]


def _level_warnings(inputs: ReportInputs) -> list[Block]:
    """Return the first warnings of the section on the level, and how many more there are."""
    found = inputs.level_warnings
    if not found:
        return []
    more = len(found) - WARNINGS
    text = "; ".join(found[:WARNINGS]) + (f"; and {more} more tickers" if more > 0 else "")
    return [Notice(f"{text}.", "The level is off.", ("Is the level right?", "#level"))]


def _dated_table(newest: pd.DataFrame, model: str) -> TextTable:
    columns = [
        TICKER,
        HORIZON,
        Column("target_start", "From", date),
        Column("target_end", "To", date),
        Column("volatility", model_label(model), FORM, strong=True),
        Column("interval", "Interval", right=True),
        Column("har", "HAR", FORM),
        Column("today", "Today", FORM),
        *_list_notes(newest),
    ]
    return text_table(newest, columns)


def _list_notes(newest: pd.DataFrame) -> list[Column]:
    """Return the columns of notes that hold any."""
    return [column for column in (REPORT, NOTE) if newest[column.name].any()]


def _intervals(newest: pd.DataFrame) -> list[str]:
    gap = "\N{THIN SPACE}\N{EN DASH}\N{THIN SPACE}"
    pairs = zip(newest["lower"], newest["upper"], strict=True)
    return [f"{_format(lower)}{gap}{_format(upper)}" for lower, upper in pairs]


def _format(value: float) -> str:
    return Column("", "", FORM).text(value)


def _place(value: float, top: float) -> float | None:
    return None if pd.isna(value) or not top > 0 else round(100 * float(value) / top, 2)
