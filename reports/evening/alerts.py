"""The alerts that stand: a line for the top of the page, and their section."""

import pandas as pd

from volcast.reports.section import Section
from volcast.reports.text_tables import Column, date, sentence_case, text_table

COLUMNS = [
    Column("subject", "Of"),
    Column("words", "In words", wraps=True),
    Column("name", "Alert", sentence_case),
    Column("written_at", "Since", date),
]


def warning(standing: pd.DataFrame) -> str:
    """Return how many alerts stand, and the newest; the empty string where none does."""
    if standing.empty:
        return ""
    newest = _newest_first(standing).iloc[0]
    return (
        f"{_counted(len(standing))}; the newest: {newest['name']} of {newest['subject']}, since "
        f"{date(newest['written_at'])}."
    )


def alerts(standing: pd.DataFrame) -> Section:
    """Return the section of the alerts that stand, the newest first."""
    count = len(standing)
    newest = _newest_first(standing)
    words = [
        sentence_case(message.removeprefix(f"{subject}: "))  # which has a column of its own
        for subject, message in zip(newest["subject"], newest["message"], strict=True)
    ]
    table = text_table(newest.assign(words=words), COLUMNS)
    return Section(
        name="alerts",
        title="Alerts",
        sentence=f"{_counted(count)}." if count else "No alert stands.",
        advice="look at each; it clears by itself when what it watches is back in bounds."
        if count
        else "nothing to do.",
        tables={"Standing alerts, the newest first": table} if count else {},
        unfolded=True,
    )


def _newest_first(standing: pd.DataFrame) -> pd.DataFrame:
    return standing.sort_values("written_at", ascending=False, kind="stable")


def _counted(count: int) -> str:
    return "1 alert stands" if count == 1 else f"{count:,} alerts stand"
