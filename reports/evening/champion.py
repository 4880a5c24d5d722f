"""Who is champion, by whose word, and what the gate decided."""

import pandas as pd

from volcast.reports.evening.content import EveningContent
from volcast.reports.section import Section
from volcast.reports.text_tables import Column, date, sentence_case, series_label, text_table

CHANGES = ("promote", "demote", "rollback")  # the actions that make a champion
COLUMNS = [
    Column("written_at", "When", date),
    Column("action", "What", sentence_case),
    Column("subject", "Model", series_label),
    Column("reason", "Why", wraps=True),
    Column("who", "By"),
]


def champion(content: EveningContent) -> Section:
    """Return the section of the champion; an override by hand comes before the gate's decision."""
    name, changes = series_label(content.champion), content.changes
    by_hand = _by_hand(changes)
    if by_hand is None:
        sentence, gate = f"{name} is champion.", f"{sentence_case(content.decision)}."
    else:
        sentence = f"{name} is champion, by {by_hand['who']}: {by_hand['why'].rstrip('.')}."
        gate = f"The gate: {content.decision}."
    told = changes["reason"].where(
        changes["why"].isna(), changes["reason"] + ": " + changes["why"].fillna("")
    )
    return Section(
        name="standing",
        title="Champion and challenger",
        sentence=sentence,
        prose=(gate,),
        advice="`volcast models promote` and `volcast models rollback` overrule the gate; they ask "
        "who and why.",
        tables={"Trainings and changes": text_table(changes.assign(reason=told), COLUMNS)},
    )


def _by_hand(changes: pd.DataFrame) -> pd.Series | None:
    """Return the newest change of champion where somebody made it, else None."""
    made = changes[changes["action"].isin(CHANGES)]
    if made.empty or pd.isna(made["who"].iloc[0]):
        return None
    newest: pd.Series = made.iloc[0]
    return newest
