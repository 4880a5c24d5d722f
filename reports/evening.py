"""The page of one evening, and the index of all of them; nothing is written."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes

from reports.figures.forecast import forecast_against_realized
from reports.figures.render import figure_svg
from reports.finding import Finding, Panel
from reports.pages import environment, findings_page
from reports.presentation import Column, date, horizon_name, sentence_case, text_table

TICKERS_DRAWN = 6
FORECAST_COLUMNS = [
    Column("ticker", "Ticker"),
    Column("horizon", "Horizon", horizon_name),
    Column("volatility", "Volatility (%)", ".1f"),
    Column("low", "Low", ".1f"),
    Column("high", "High", ".1f"),
    Column("har", "HAR", ".1f"),
    Column("change", "Since the evening before", "+.1f"),
    Column("target_start", "From", date),
    Column("target_end", "To", date),
]
SCORE_COLUMNS = [
    Column("series", "Series", sentence_case),
    Column("horizon", "Horizon", horizon_name),
    Column("rows", "Rows", ",d"),
    Column("qlike", "QLIKE", ".4f"),
    Column("ratio_to_har", "Ratio to HAR", ".3f"),
    Column("backtest_qlike", "QLIKE before", ".4f"),
    Column("backtest_ratio", "Ratio before", ".3f"),
    Column("coverage", "Coverage", ".1%"),
]
ALERT_COLUMNS = [
    Column("name", "Alert", sentence_case),
    Column("subject", "Of"),
    Column("written_at", "Since", date),
    Column("message", "In words"),
]
CHANGE_COLUMNS = [
    Column("written_at", "When", date),
    Column("action", "What", sentence_case),
    Column("subject", "Model"),
    Column("reason", "Why"),
    Column("who", "By"),
]


@dataclass(frozen=True)
class EveningContent:
    """What the page of an evening shows.

    Attributes
    ----------
    day
        The origin.
    champion, decision
        Whose forecasts went out; what the gate decided, in words.
    forecasts
        `ticker, horizon, target_start, target_end, volatility, low, high, har, change`: what went
        out, annualised percent; `change` since the evening before.
    past
        `ticker, target_start, volatility, low, high, came, har` of the shortest horizon.
    scores
        Live scores by series and horizon beside those of the validation part before (`first, rows,
        qlike, ratio_to_har, backtest_qlike, backtest_ratio, coverage`).
    alerts
        `name, subject, message, written_at` of those that stand.
    changes
        `written_at, action, subject, reason, who`, the newest first.
    notes
        What went wrong and was got over.
    interval_level
        Nominal coverage of the intervals.
    head
        The hash of the ledger's last row.
    """

    day: pd.Timestamp
    champion: str
    decision: str
    forecasts: pd.DataFrame
    past: pd.DataFrame
    scores: pd.DataFrame
    alerts: pd.DataFrame
    changes: pd.DataFrame
    notes: Sequence[str] = ()
    interval_level: float = 0.9
    head: str = ""


def render_evening(content: EveningContent) -> str:
    """Return the page of an evening, one file without outside resources."""
    sections = [_forecasts(content), _standing(content), _scores(content), _alerts(content)]
    subtitle = (
        f"Known up to the close of {content.day:%Y-%m-%d}; forecasts by {content.champion}. "
        "Annualised, in percent."
    )
    return findings_page(f"Evening of {content.day:%Y-%m-%d}", subtitle, sections)


def render_index(pages: Sequence[tuple[str, str]]) -> str:
    """Return the page that lists all evenings, (date, address), the newest first."""
    return environment().get_template("index.html.j2").render(pages=pages)


def _forecasts(content: EveningContent) -> Finding:
    table = content.forecasts
    known = table[table["change"].notna()]
    moved = known.iloc[int(known["change"].abs().argmax())] if len(known) else None
    sentence = f"{len(table)} forecasts for {table['ticker'].nunique()} tickers."
    if moved is not None:
        sentence += (
            f" The largest change since the evening before: {moved['ticker']}, "
            f"{horizon_name(moved['horizon'])}, {moved['change']:+.1f} to "
            f"{moved['volatility']:.1f} %."
        )
    notes = " ".join(f"{note}." for note in content.notes)
    return Finding(
        name="forecasts",
        title="Forecasts",
        sentence=sentence,
        advice=notes or "nothing to do: every ticker was forecast.",
        panels=_panels(content),
        tables={"All forecasts": text_table(table, FORECAST_COLUMNS)},
        unfolded=True,
    )


def _panels(content: EveningContent) -> list[Panel]:
    panels = []
    for place, (ticker, part) in enumerate(content.past.groupby("ticker", sort=False)):
        if place == TICKERS_DRAWN:
            break
        recent = part.rename(
            columns={"target_start": "date", "low": "lower", "high": "upper", "came": "realized"}
        )

        def draw(axes: Axes, recent: pd.DataFrame = recent) -> Axes:
            return forecast_against_realized(
                recent, axes, model="network", interval_level=content.interval_level
            )

        alt = f"What went out for {ticker}, and what came, over {len(recent)} sessions."
        panels.append(Panel(str(ticker), figure_svg(draw, name=f"past-{place}", alt=alt)))
    return panels


def _standing(content: EveningContent) -> Finding:
    return Finding(
        name="standing",
        title="Champion and challenger",
        sentence=f"{sentence_case(content.champion)} is champion.",
        prose=(f"{sentence_case(content.decision)}.",),
        advice="`volcast models promote` and `volcast models rollback` overrule the gate; they ask "
        "who and why.",
        tables={"Trainings and changes": text_table(content.changes, CHANGE_COLUMNS)},
    )


def _scores(content: EveningContent) -> Finding:
    scores = content.scores
    issued = scores[scores["series"] == scores["series"].iloc[0]] if len(scores) else scores
    sentence = (
        f"Since {issued['first'].min():%Y-%m-%d}, what went out has a QLIKE of "
        + ", ".join(
            f"{row['ratio_to_har']:.3f} of HAR's for the {horizon_name(row['horizon'])}"
            for row in issued.to_dict("records")
        )
        + "."
        if len(issued)
        else "No outcome is known yet."
    )
    return Finding(
        name="scores",
        title="Live scores",
        sentence=sentence,
        advice="`volcast ledger score` has the same table, `volcast ledger verify` proves it"
        + (
            f"; with `--head {content.head}`, that it holds all of tonight's."
            if content.head
            else "."
        ),
        tables={"Every series": text_table(scores, SCORE_COLUMNS)} if len(scores) else {},
        method="On forecasts written down before their outcome was known. Before: on the rows that "
        "stopped the training of that version.",
    )


def _alerts(content: EveningContent) -> Finding:
    count = len(content.alerts)
    return Finding(
        name="alerts",
        title="Alerts",
        sentence="No alert stands." if not count else f"{count} alerts stand.",
        advice="nothing to do." if not count else "look at each; they clear by themselves.",
        tables={"Standing alerts": text_table(content.alerts, ALERT_COLUMNS)} if count else {},
        unfolded=True,
    )
