"""The champion, and the gate's decision.

Computed from the decisions in the ledger. Shows the champion, a manual override before the gate's
decision, and all trainings and changes of champion.
"""

import pandas as pd

from volcast.reports.blocks import Paragraph, fold_table
from volcast.reports.daily.inputs import DailyInputs
from volcast.reports.section import Section
from volcast.reports.text_tables import Column, date, sentence_case, series_label, text_table

CHANGES = ("promote", "demote", "rollback")  # the actions that change the champion
COLUMNS = [
    Column("written_at", "Date", date),
    Column("action", "Action", sentence_case),
    Column("subject", "Model", series_label),
    Column("reason", "Reason", wraps=True),
    Column("who", "By"),
]


def build_section(inputs: DailyInputs) -> Section:
    """Return the section on the champion."""
    name, changes = series_label(inputs.champion), inputs.changes
    override = _find_manual_override(changes)
    if override is None:
        sentence, gate = f"{name} is champion.", f"{sentence_case(inputs.decision)}."
    else:
        why = override["why"].rstrip(".")
        sentence = f"{name} is champion, set by {override['who']}: {why}."
        gate = f"The gate: {inputs.decision}."
    reasons = changes["reason"].where(
        changes["why"].isna(), changes["reason"] + ": " + changes["why"].fillna("")
    )
    table = text_table(changes.assign(reason=reasons), COLUMNS)
    return Section(
        name="champion",
        title="Champion and challenger",
        sentence=sentence,
        blocks=[Paragraph(gate), fold_table("Trainings and changes", table)],
        advice="`volcast models promote` and `volcast models rollback` override the gate; they "
        "require a name and a reason.",
        advice_last=True,
    )


def _find_manual_override(changes: pd.DataFrame) -> pd.Series | None:
    """Return the newest change of champion if a person made it, else None."""
    found = changes[changes["action"].isin(CHANGES)]
    if found.empty or pd.isna(found["who"].iloc[0]):
        return None
    newest: pd.Series = found.iloc[0]
    return newest
