"""Live scores: how good the forecasts were since they were issued.

Computed from the table of live scores. Shows the ratios to HAR of the issued forecasts, and the
scores of every series next to those of its backtest.
"""

import pandas as pd

from volcast.reports.blocks import Paragraph, fold_table
from volcast.reports.daily.inputs import DailyInputs
from volcast.reports.section import Section
from volcast.reports.text_tables import Column, horizon_name, series_label, text_table

COLUMNS = [
    Column("series", "Series", series_label),
    Column("horizon", "Horizon", horizon_name),
    Column("rows", "Rows", ",d"),
    Column("qlike", "QLIKE", ".4f"),
    Column("ratio_to_har", "Ratio to HAR", ".3f"),
    Column("backtest_qlike", "Backtest QLIKE", ".4f"),
    Column("backtest_ratio", "Backtest ratio", ".3f"),
    Column("coverage", "Coverage", ".1%"),
    Column("level_ratio", "Level", ".2f"),
    Column("beyond", "Beyond 1.96", ".1%"),
]
METHOD = (
    "Only forecasts written before their outcome was known are scored. The backtest is the "
    "validation part of the model's training, before it was deployed. The level is the mean "
    "squared return over the mean forecast variance, and should be 1; some 5 % of the returns "
    "should lie beyond 1.96 forecast standard deviations."
)
OF_A_REPLAY = (
    " This is a replay: its forecasts carry the times of the replayed clock, not those at which "
    "they were computed."
)


def build_section(inputs: DailyInputs) -> Section:
    """Return the section of the live scores, those of the issued forecasts first."""
    table = inputs.scores
    issued = select_issued(table)
    sentence = _against_har(issued) if len(issued) else _nothing_scored(inputs.late)
    if len(issued) and inputs.late:
        sentence += f" {inputs.late:,} more were written after their target had begun: not scored."
    advice = (
        "`volcast ledger score` prints the same table, and `volcast ledger verify` verifies the "
        "ledger"
    )
    with_head = f"; with `--head {inputs.head}`, also that it contains all of today's rows."
    method = METHOD + (OF_A_REPLAY if inputs.replayed else "")
    shown = [fold_table("Every series", text_table(table, COLUMNS))] if len(table) else []
    return Section(
        name="scores",
        title="Scores of the replay" if inputs.replayed else "Live scores",
        sentence=sentence,
        advice=advice + (with_head if inputs.head else "."),
        blocks=[*shown, Paragraph(method, style="note")],
    )


def select_issued(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the issued forecasts, whichever model made them: the first series."""
    return scores[scores["series"] == scores["series"].iloc[0]] if len(scores) else scores


def _against_har(issued: pd.DataFrame) -> str:
    ratios = (
        f"{row['ratio_to_har']:.3f} of HAR's for the {horizon_name(row['horizon'])}"
        for row in issued.to_dict("records")
    )
    since = f"{issued['first'].min():%Y-%m-%d}"
    return f"Since {since}, the issued forecasts have a QLIKE of {', '.join(ratios)}."


def _nothing_scored(late: int) -> str:
    if not late:
        return "No outcome is known yet."
    if late == 1:
        return "1 forecast has an outcome but was written after its target had begun: not scored."
    return (
        f"{late:,} forecasts have an outcome, but all were written after their target had begun: "
        "not scored."
    )
