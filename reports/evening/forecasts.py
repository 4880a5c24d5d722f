"""What went out tonight, and over the last sessions beside what came."""

from collections.abc import Iterable

import pandas as pd
from matplotlib.axes import Axes

from volcast.reports.evening.content import EveningContent
from volcast.reports.figures.forecast import forecast_against_realized
from volcast.reports.figures.render import figure_svg
from volcast.reports.section import Panel, Section
from volcast.reports.text_tables import Column, date, horizon_name, series_label, text_table

TICKERS_DRAWN = 6
TICKERS_NAMED = 3
MODEL = Column("model", "Model", series_label)
COLUMNS = [
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


def forecasts(content: EveningContent) -> Section:
    """Return the section of the forecasts: what went out, what changed, what is missing."""
    table = content.forecasts
    mixed = table["model"].nunique() > 1
    columns = [*COLUMNS[:2], MODEL, *COLUMNS[2:]] if mixed else COLUMNS
    return Section(
        name="forecasts",
        title="Forecasts",
        sentence=_sentence(content),
        advice=_advice(content),
        panels=_panels(content),
        tables={"All forecasts": text_table(table, columns)},
        unfolded=True,
    )


def makers(table: pd.DataFrame) -> str:
    """Return who made the forecasts, the one of most first: network 2, by HAR for NEW."""
    tickers = table.groupby("model", sort=False)["ticker"].unique()
    counts = table["model"].value_counts()
    if counts.empty:
        return "nobody"
    others = (f"by {model} for {_listed(tickers[model])}" for model in counts.index[1:])
    return ", ".join([str(counts.index[0]), *others])


def _sentence(content: EveningContent) -> str:
    table = content.forecasts
    count, tickers = len(table), table["ticker"].nunique()
    sentence = (
        f"{count:,} forecast{'' if count == 1 else 's'} for "
        f"{tickers:,} ticker{'' if tickers == 1 else 's'}"
        f"{f', none for {_listed(content.missing)}' if content.missing else ''}."
    )
    known = table[table["change"].notna()]
    if len(known):
        moved = known.iloc[int(known["change"].abs().argmax())]
        sentence += (
            f" The largest change since the evening before: {moved['ticker']}, "
            f"{horizon_name(moved['horizon'])}, {'up' if moved['change'] > 0 else 'down'} "
            f"{abs(moved['change']):.1f} points, to {moved['volatility']:.1f} %."
        )
    return sentence


def _advice(content: EveningContent) -> str:
    """Return what to look at; nothing only where nothing is missing, wrong or in alert."""
    steps = [*content.notes]
    if content.missing and not steps:
        steps.append(
            f"see why there is no forecast for {_listed(content.missing)}: the exchange was "
            "closed, or no bar of the day came"
        )
    if len(content.alerts):
        steps.append("look at the alerts below")
    if not steps:
        return "nothing to do: every ticker was forecast and no alert stands."
    return f"{'; '.join(steps)}."


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
                recent,
                axes,
                model="network",
                interval_level=content.interval_level,
                label="What went out",
            )

        alt = f"What went out for {ticker}, and what came, over {len(recent)} sessions."
        panels.append(Panel(str(ticker), figure_svg(draw, name=f"past-{place}", alt=alt)))
    return panels


def _listed(tickers: Iterable[object]) -> str:
    """Return the first tickers by name and the rest as a number: A, B, C and 12 more."""
    names = [str(ticker) for ticker in tickers]
    more = len(names) - TICKERS_NAMED
    return ", ".join(names[:TICKERS_NAMED]) + (f" and {more:,} more" if more > 0 else "")
