"""The list of all evenings, a row each."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import nan

import markupsafe
import pandas as pd

from volcast.reports.templating import environment
from volcast.reports.text_tables import Column, series_label, text_table


def _link(address: str) -> markupsafe.Markup:
    return markupsafe.Markup('<a href="{}">{}</a>').format(address, address.partition("/")[0])


COLUMNS = [
    Column("address", "Evening", _link),
    Column("champion", "Champion", series_label),
    Column("alerts", "Alerts", ",.0f"),
    Column("forecasts", "Forecasts", ",.0f"),
    Column("qlike_ratio", "Ratio to HAR", ".3f"),
]


@dataclass(frozen=True)
class EveningRow:
    """One evening in the list.

    `address` is that of its page, DATE/NAME; `champion` a series such as ``network 2``,
    empty where it is not known; `alerts` and `forecasts` are counts, `qlike_ratio` the QLIKE of
    what went out for the shortest horizon as a ratio to HAR's, on outcomes known that evening; NaN
    where nothing is known.
    """

    address: str
    champion: str = ""
    alerts: float = nan
    forecasts: float = nan
    qlike_ratio: float = nan


def render_index(rows: Sequence[EveningRow]) -> str:
    """Return the page that lists the evenings in the order given."""
    table = pd.DataFrame([asdict(row) for row in rows], columns=list(EveningRow.__annotations__))
    named = table.assign(champion=table["champion"].replace("", None))
    shown = text_table(named, COLUMNS)
    return environment().get_template("index.html.j2").render(table=shown)
