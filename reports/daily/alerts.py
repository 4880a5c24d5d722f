"""The open alerts.

Computed from the table of open alerts. Shows them newest first, and a warning for the top of the
page.
"""

import pandas as pd

from volcast.reports.blocks import Notice, fold_table
from volcast.reports.daily.inputs import DailyInputs
from volcast.reports.section import Section
from volcast.reports.text_tables import Column, date, sentence_case, text_table

COLUMNS = [
    Column("subject", "Subject"),
    Column("words", "Message", wraps=True),
    Column("name", "Alert", sentence_case),
    Column("written_at", "Since", date),
]


def build_warning(alerts: pd.DataFrame) -> Notice | None:
    """Return the number of open alerts and the newest one; None without alerts."""
    if alerts.empty:
        return None
    newest = _sort_newest_first(alerts).iloc[0]
    text = (
        f"{_count(len(alerts))}; the newest: {newest['name']} of {newest['subject']}, since "
        f"{date(newest['written_at'])}."
    )
    return Notice(text, link=("All alerts", "#alerts"))


def build_section(inputs: DailyInputs) -> Section:
    """Return the section with the open alerts."""
    count = len(inputs.alerts)
    newest = _sort_newest_first(inputs.alerts)
    messages = [
        sentence_case(message.removeprefix(f"{subject}: "))  # which has a column of its own
        for subject, message in zip(newest["subject"], newest["message"], strict=True)
    ]
    table = text_table(newest.assign(words=messages), COLUMNS)
    return Section(
        name="alerts",
        title="Alerts",
        sentence=f"{_count(count)}." if count else "No alert is open.",
        advice="check each alert; it closes by itself once its value is back within bounds."
        if count
        else "nothing to do.",
        blocks=[fold_table("Open alerts, newest first", table, unfolded=True)] if count else [],
    )


def _sort_newest_first(alerts: pd.DataFrame) -> pd.DataFrame:
    return alerts.sort_values("written_at", ascending=False, kind="stable")


def _count(count: int) -> str:
    return "1 alert is open" if count == 1 else f"{count:,} alerts are open"
