"""The list of all daily reports, one row each."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import nan

import markupsafe
import pandas as pd

from volcast.reports import templating
from volcast.reports.blocks import TableBlock
from volcast.reports.section import Page, Section
from volcast.reports.text_tables import Column, series_label, text_table


def _link(address: str) -> markupsafe.Markup:
    return markupsafe.Markup('<a href="{}">{}</a>').format(address, address.partition("/")[0])


TITLE = "Daily reports"
SUBTITLE = (
    "Newest first. The ratio to HAR is the QLIKE of the issued forecasts divided by HAR's, at the "
    "shortest horizon and over the outcomes known that day; below 1, they were better than HAR."
)
COLUMNS = [
    Column("address", "Date", _link),
    Column("champion", "Champion", series_label),
    Column("alerts", "Alerts", ",.0f"),
    Column("forecasts", "Forecasts", ",.0f"),
    Column("qlike_ratio", "Ratio to HAR", ".3f"),
]


@dataclass(frozen=True)
class IndexRow:
    """One daily report in the list.

    `address` is that of its page, DATE/NAME; `champion` a series such as ``network 2``, empty if
    not known; `alerts` and `forecasts` are counts; `qlike_ratio` is the QLIKE of the issued
    forecasts at the shortest horizon as a ratio to HAR's, on outcomes known that day. NaN is
    not known.
    """

    address: str
    champion: str = ""
    alerts: float = nan
    forecasts: float = nan
    qlike_ratio: float = nan


def render_index(rows: Sequence[IndexRow]) -> str:
    """Return the page that lists the daily reports in the order given."""
    table = pd.DataFrame([asdict(row) for row in rows], columns=list(IndexRow.__annotations__))
    named = table.assign(champion=table["champion"].replace("", None))
    listed = Section(
        name="reports",
        title=TITLE,
        title_shown=False,
        blocks=[TableBlock(text_table(named, COLUMNS))],
    )
    return templating.render_html(Page(TITLE, SUBTITLE, [listed]))
