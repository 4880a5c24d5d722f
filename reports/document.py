"""From a report's content to one self-contained HTML page, or to Markdown; nothing is written."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from volcast.reports import figure_panels
from volcast.reports import text_tables as shown
from volcast.reports.breakdowns import (
    REGIME_RULE,
    against_baseline,
    by_regime,
    by_year,
    coverage,
    loss_days,
    pit_histogram,
    regimes,
)
from volcast.reports.content import ReportContent
from volcast.reports.gain_attribution import steps_sentence
from volcast.reports.headline import lead_model, newest_forecasts, verdict_sentence
from volcast.reports.scores import POOLED, scored_rows
from volcast.reports.section import Panel
from volcast.reports.templating import environment
from volcast.reports.text_tables import TextTable, text_table
from volcast.reports.verdicts import summary, verdicts

__all__ = ["ReportContent", "render_html", "render_markdown"]

CARDS = 8  # more tickers than this are a table
TICKERS_IN_FULL = 12  # more than this and the tables by ticker show the leading model only


@dataclass(frozen=True)
class Tables:
    """What is computed from the content once, for figures and tables alike."""

    model: str
    newest: pd.DataFrame
    verdicts: pd.DataFrame
    regimes: pd.DataFrame
    years: pd.DataFrame
    daily: pd.DataFrame
    worst: pd.DataFrame
    coverage: pd.DataFrame
    density: pd.DataFrame


def render_html(content: ReportContent) -> str:
    """Return the report as one HTML page without any outside resource.

    Parameters
    ----------
    content
        Finished tables; see `ReportContent`. Empty scores, history or quality leave their section
        with a sentence instead.

    All text is escaped; the same content gives the same bytes. Without scored rows the sections on
    errors say so.
    """
    tables = _tables(content)
    view = _view(content, tables)
    return environment().get_template("report.html.j2").render(view, **_figures(content, tables))


def render_markdown(content: ReportContent) -> str:
    """Return the report as Markdown: the same answers and tables, without figures."""
    view = _view(content, _tables(content))
    return environment().get_template("report.md.j2").render(view)


def _tables(content: ReportContent) -> Tables:
    model = lead_model(content.forecasts)
    rows = scored_rows(content.forecasts)
    return Tables(
        model=model,
        newest=newest_forecasts(content.forecasts, content.today),
        verdicts=verdicts(content.history, content.max_epochs),
        regimes=by_regime(rows, regimes(content.forecasts)),
        years=by_year(rows),
        daily=against_baseline(rows, model),
        worst=loss_days(rows, model),
        coverage=coverage(rows),
        density=pit_histogram(rows, model),
    )


def _figures(content: ReportContent, tables: Tables) -> dict[str, list[Panel]]:
    tickers = list(dict.fromkeys(tables.newest["ticker"]))
    return {
        "forecast_panels": figure_panels.forecast_panels(content, tickers),
        "score_panels": figure_panels.score_panels(content.scores),
        "training_panels": figure_panels.training_panels(content.history),
        "regime_panels": figure_panels.regime_panels(tables.regimes),
        "loss_panels": figure_panels.loss_panels(tables.daily, tables.worst, tables.model),
        "coverage_panels": figure_panels.coverage_panels(tables.coverage, content.interval_level),
        "density_panels": figure_panels.density_panels(tables.density, tables.model),
    }


def _view(content: ReportContent, tables: Tables) -> dict[str, Any]:
    """Return everything that both templates name, as text and text tables."""
    bars = content.quality["rule"] == "bars"
    return {
        "content": content,
        "model": tables.model,
        "verdict": verdict_sentence(content.scores),
        "answer": _answer(tables.newest),
        "newest": tables.newest,
        "as_of": content.forecasts["origin"].max(),
        "as_cards": tables.newest["ticker"].nunique() <= CARDS,
        "horizons": sorted(int(h) for h in tables.newest["horizon"].unique()),
        "tickers_drawn": figure_panels.TICKERS_DRAWN,
        "tickers": tables.newest["ticker"].nunique(),
        "score_tables": _score_tables(content.scores, tables.model),
        "worth_tables": _by_horizon(
            content.scores[content.scores["ticker"] == POOLED].sort_values("qlike", kind="stable"),
            shown.WORTH_COLUMNS,
            emphasise=tables.model,
        ),
        "steps_sentence": steps_sentence(content.steps),
        "steps_table": text_table(content.steps, shown.STEP_COLUMNS),
        "risk_table": _risk_table(content.risk, tables.model),
        "ticker_risk_table": _ticker_risk_table(content.risk, tables.model),
        "ticker_scores": _ticker_scores(content.scores, tables.model),
        "training_summary": summary(tables.verdicts),
        "verdict_table": text_table(tables.verdicts, shown.VERDICT_COLUMNS),
        "regime_rule": REGIME_RULE,
        "regime_table": text_table(tables.regimes, shown.REGIME_COLUMNS, emphasise=tables.model),
        "year_table": text_table(
            tables.years[tables.years["model"] == tables.model], shown.YEAR_COLUMNS
        ),
        "loss_tables": _by_horizon(tables.worst, shown.LOSS_DAY_COLUMNS),
        "coverage_table": _coverage_table(tables),
        "bars": int(content.quality.loc[bars, "rows"].sum()),
        "quality_table": text_table(content.quality[~bars], shown.QUALITY_COLUMNS),
        "unscored_table": text_table(content.unscored, shown.UNSCORED_COLUMNS),
    }


def _answer(newest: pd.DataFrame) -> list[dict[str, Any]]:
    """Return one record a ticker with its forecasts by horizon, and places on a common scale."""
    top = float(newest[["upper", "volatility", "har", "today"]].max().max())
    answers = []
    for ticker, part in newest.groupby("ticker", sort=False):
        rows = {int(row["horizon"]): row for row in part.to_dict("records")}
        first = rows[min(rows)]
        names = ("lower", "upper", "volatility", "har", "today")
        places = {name: _place(first[name], top) for name in names}
        answers.append({"ticker": ticker, "rows": rows, "first": first, "places": places})
    return answers


def _place(value: float, top: float) -> float | None:
    return None if pd.isna(value) or not top > 0 else round(100 * float(value) / top, 2)


def _score_tables(scores: pd.DataFrame, model: str) -> dict[str, TextTable]:
    pooled = scores[scores["ticker"] == POOLED].sort_values("qlike", kind="stable")
    return _by_horizon(pooled, shown.SCORE_COLUMNS, emphasise=model)


def _ticker_scores(scores: pd.DataFrame, model: str) -> dict[str, TextTable]:
    rows = scores[scores["ticker"] != POOLED]
    if rows["ticker"].nunique() > TICKERS_IN_FULL:
        rows = rows[rows["model"] == model]
    rows = rows.sort_values(["ticker", "qlike"], kind="stable")
    return _by_horizon(rows, shown.TICKER_SCORE_COLUMNS, emphasise=model)


def _risk_table(risk: pd.DataFrame, model: str) -> TextTable:
    pooled = risk[risk["ticker"] == POOLED].sort_values(["level", "fz_loss"], kind="stable")
    return text_table(pooled, shown.RISK_COLUMNS, emphasise=model)


def _ticker_risk_table(risk: pd.DataFrame, model: str) -> TextTable:
    rows = risk[(risk["ticker"] != POOLED) & (risk["model"] == model)]
    worst_first = rows.sort_values(["level", "share"], ascending=[True, False], kind="stable")
    return text_table(worst_first, shown.TICKER_RISK_COLUMNS)


def _by_horizon(
    frame: pd.DataFrame, columns: Sequence[shown.Column], *, emphasise: str | None = None
) -> dict[str, TextTable]:
    return {
        shown.horizon_name(int(horizon)): text_table(
            frame[frame["horizon"] == horizon], columns, emphasise=emphasise
        )
        for horizon in sorted(frame["horizon"].unique())
    }


def _coverage_table(tables: Tables) -> TextTable:
    table = tables.coverage
    if table["ticker"].nunique() > TICKERS_IN_FULL:
        table = table[table["model"] == tables.model]
    return text_table(table, shown.COVERAGE_COLUMNS, emphasise=tables.model)
