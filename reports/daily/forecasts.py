"""The issued forecasts, and those of the last sessions against realised volatility.

Computed from the issued forecasts and their outcomes. Shows which histories are short and which
reports near, what changed since the previous daily run, a figure a ticker, and all forecasts in a
table.
"""

from collections.abc import Iterable

import pandas as pd
from matplotlib.axes import Axes

from volcast.reports.blocks import Figures, Panel, fold_table
from volcast.reports.coming_reports import describe_effect
from volcast.reports.daily.inputs import DailyInputs
from volcast.reports.figure_panels import TICKERS_DRAWN, draw_panel
from volcast.reports.figures.forecast import forecast_against_realized
from volcast.reports.section import Section
from volcast.reports.short_histories import EXPLANATION, list_histories
from volcast.reports.text_tables import (
    Column,
    date,
    horizon_name,
    sentence_case,
    series_label,
    text_table,
)

TICKERS_NAMED = 3
MODEL = Column("model", "Model", series_label)
REPORT = Column("report", "Earnings", sentence_case)
HISTORY = Column("history", "Short history", sentence_case)
COLUMNS = [
    Column("ticker", "Ticker"),
    Column("horizon", "Horizon", horizon_name),
    Column("volatility", "Volatility (%)", ".1f"),
    Column("low", "Low", ".1f"),
    Column("high", "High", ".1f"),
    Column("har", "HAR", ".1f"),
    Column("change", "Change since the previous run", "+.1f"),
    Column("target_start", "From", date),
    Column("target_end", "To", date),
]


def build_section(inputs: DailyInputs) -> Section:
    """Return the section on the forecasts: issued, changed, missing."""
    table, levels = _join_bounds(_describe_effects(inputs.forecasts))
    several_models = table["model"].nunique() > 1
    columns = [*COLUMNS[:5], *levels, *COLUMNS[5:]]
    columns = [*columns[:2], MODEL, *columns[2:]] if several_models else columns
    columns = [*columns, REPORT] if _has_reports(table) else columns
    columns = [*columns, HISTORY] if _has_short_histories(table) else columns
    return Section(
        name="forecasts",
        title="Forecasts",
        sentence=_sentence(inputs),
        advice=_advice(inputs),
        blocks=[
            Figures(_panels(inputs)),
            fold_table("All forecasts", text_table(table, columns), unfolded=True),
        ],
    )


def _join_bounds(table: pd.DataFrame) -> tuple[pd.DataFrame, list[Column]]:
    """Return the forecasts with a column of text for each further interval, and these columns."""
    names = [str(name) for name in table if str(name).startswith("low_")]
    columns = []
    for level in (name.removeprefix("low_") for name in names):
        bounds = table[[f"low_{level}", f"high_{level}"]].itertuples(index=False)
        texts = ["" if pd.isna(low) else f"{low:.1f}\N{EN DASH}{high:.1f}" for low, high in bounds]
        columns.append(Column(f"range_{level}", f"{level} %", right=True))
        table = table.assign(**{columns[-1].name: texts})
    return table, columns


def list_models(forecasts: pd.DataFrame) -> str:
    """Return the models of the forecasts, that of most forecasts first.

    Examples
    --------
    >>> table = pd.DataFrame({"model": ["network 2", "network 2", "HAR"], "ticker": list("ABC")})
    >>> list_models(table)
    'network 2, by HAR for C'
    """
    tickers = forecasts.groupby("model", sort=False)["ticker"].unique()
    counts = forecasts["model"].value_counts()
    if counts.empty:
        return "no model"
    others = (f"by {model} for {_list_tickers(tickers[model])}" for model in counts.index[1:])
    return ", ".join([str(counts.index[0]), *others])


def _sentence(inputs: DailyInputs) -> str:
    table = inputs.forecasts
    count, tickers = len(table), table["ticker"].nunique()
    sentence = (
        f"{count:,} forecast{'' if count == 1 else 's'} for "
        f"{tickers:,} ticker{'' if tickers == 1 else 's'}"
        f"{f', none for {_list_tickers(inputs.missing)}' if inputs.missing else ''}."
    )
    if _has_short_histories(table):
        sentence += f" Short history: {list_histories(table)}; {EXPLANATION}."
    sentence += _describe_reports(table)
    known = table[table["change"].notna()]
    if len(known):
        largest = known.iloc[int(known["change"].abs().argmax())]
        sentence += (
            f" The largest change since the previous run: {largest['ticker']}, "
            f"{horizon_name(largest['horizon'])}, {'up' if largest['change'] > 0 else 'down'} "
            f"{abs(largest['change']):.1f} points, to {largest['volatility']:.1f} %."
        )
    return sentence


def _describe_effects(table: pd.DataFrame) -> pd.DataFrame:
    if not _has_reports(table):
        return table
    effects = zip(table["report"], table["without_report"], strict=True)
    return table.assign(report=[describe_effect(*each) for each in effects])


def _has_reports(table: pd.DataFrame) -> bool:
    return "report" in table and bool(table["report"].any())


def _has_short_histories(table: pd.DataFrame) -> bool:
    return "history" in table and bool(table["history"].any())


def _describe_reports(table: pd.DataFrame) -> str:
    """Return which tickers trade on a report soon, and the largest effect of one."""
    due = _select_due(table)
    if due.empty:
        return ""
    largest, horizon = due.iloc[0], int(due["horizon"].iloc[0])
    return (
        f" Earnings reports are traded on {'in' if horizon == 1 else 'within'} the "
        f"{horizon_name(horizon)}: {_list_tickers(due['ticker'])}. The largest effect is on "
        f"{largest['ticker']}, {largest['volatility']:.1f} % instead of "
        f"{largest['without_report']:.1f} %."
    )


def _select_due(table: pd.DataFrame) -> pd.DataFrame:
    """Return the forecasts with a report within the shortest horizon that has any.

    Those with the largest effect come first.
    """
    if not _has_reports(table):
        return table.iloc[:0]
    due = table[table["without_report"].notna()]
    due = due[due["horizon"] == due["horizon"].min()]
    effect = due["volatility"] - due["without_report"]
    return pd.DataFrame(due.loc[effect.sort_values(ascending=False, kind="stable").index])


def _advice(inputs: DailyInputs) -> str:
    """Return what to look at; nothing only if nothing is missing, failed or in alert."""
    steps = [*inputs.notes]
    if inputs.missing and not steps:
        steps.append(
            f"find out why there is no forecast for {_list_tickers(inputs.missing)}: the exchange "
            "was closed, or the source has no bar of the day"
        )
    if len(inputs.alerts):
        steps.append("check the alerts below")
    if not steps:
        return "nothing to do: every ticker has a forecast and no alert is open."
    return f"{'; '.join(steps)}."


def _panels(inputs: DailyInputs) -> list[Panel]:
    """Return the figures of the first tickers, those with a coming report before the others."""
    table = inputs.forecasts
    order = dict.fromkeys([*_select_due(table)["ticker"], *table["ticker"], *inputs.past["ticker"]])
    by_ticker = dict(list(inputs.past.groupby("ticker")))
    drawn = [ticker for ticker in order if ticker in by_ticker][:TICKERS_DRAWN]
    return [
        _panel(ticker, by_ticker[ticker], place, inputs.interval_level)
        for place, ticker in enumerate(drawn)
    ]


def _panel(ticker: str, part: pd.DataFrame, place: int, interval_level: float) -> Panel:
    recent = part.rename(columns={"target_start": "date", "low": "lower", "high": "upper"})

    def draw(axes: Axes) -> Axes:
        return forecast_against_realized(
            recent, axes, model="network", interval_level=interval_level, label="Issued"
        )

    alt = f"Issued forecasts for {ticker} and realised volatility, over {len(recent)} sessions."
    return draw_panel(ticker, f"past-{place}", alt, draw)


def _list_tickers(tickers: Iterable[object]) -> str:
    """Return the first tickers by name and the rest as a number: A, B, C and 12 more."""
    names = [str(ticker) for ticker in tickers]
    more = len(names) - TICKERS_NAMED
    return ", ".join(names[:TICKERS_NAMED]) + (f" and {more:,} more" if more > 0 else "")
