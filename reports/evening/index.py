"""The list of all evenings, a row each."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import nan

import markupsafe
import pandas as pd

from reports.pages import environment
from reports.presentation import Column, series_label, text_table

COLUMNS = [
    Column("day", "Evening", lambda link: link),
    Column("champion", "Champion", series_label),
    Column("alerts", "Alerts", ",.0f"),
    Column("forecasts", "Forecasts", ",.0f"),
    Column("qlike_ratio", "QLIKE, ratio to HAR", ".3f"),
]


@dataclass(frozen=True)
class EveningRow:
    """One evening in the list.

    `day` is a date as text and `address` its page's; `champion` a series such as ``network 2``,
    empty where it is not known; `alerts` and `forecasts` are counts, `qlike_ratio` the QLIKE of
    what went out for the shortest horizon as a ratio to HAR's, on outcomes known that evening; NaN
    where nothing is known.
    """

    day: str
    address: str
    champion: str = ""
    alerts: float = nan
    forecasts: float = nan
    qlike_ratio: float = nan


def render_index(rows: Sequence[EveningRow]) -> str:
    """Return the page that lists the evenings in the order given."""
    table = pd.DataFrame([asdict(row) for row in rows], columns=list(EveningRow.__annotations__))
    links = [_link(row) for row in rows]
    shown = text_table(
        table.assign(day=links, champion=table["champion"].replace("", None)), COLUMNS
    )
    return environment().get_template("index.html.j2").render(table=shown)


def _link(row: EveningRow) -> markupsafe.Markup:
    return markupsafe.Markup('<a href="{}">{}</a>').format(row.address, row.day)
