"""How good the forecasts were since they were written."""

import pandas as pd

from volcast.reports.evening.content import EveningContent
from volcast.reports.section import Section
from volcast.reports.text_tables import Column, horizon_name, series_label, text_table

COLUMNS = [
    Column("series", "Series", series_label),
    Column("horizon", "Horizon", horizon_name),
    Column("rows", "Rows", ",d"),
    Column("qlike", "QLIKE", ".4f"),
    Column("ratio_to_har", "Ratio to HAR", ".3f"),
    Column("backtest_qlike", "QLIKE before", ".4f"),
    Column("backtest_ratio", "Ratio before", ".3f"),
    Column("coverage", "Coverage", ".1%"),
]
METHOD = (
    "On forecasts written down before their outcome was known. QLIKE before: on the validation "
    "part of its training, before it went out."
)
OF_A_REPLAY = (
    " This is a replay: the moments of writing are those of the clock that was handed in, not of "
    "the day the forecasts were made."
)


def scores(content: EveningContent) -> Section:
    """Return the section of the live scores, of what went out first."""
    table = content.scores
    issued = what_went_out(table)
    sentence = _against_har(issued) if len(issued) else _nothing_scored(content.late)
    if len(issued) and content.late:
        sentence += f" {content.late:,} more came after their target had begun: not scored."
    advice = "`volcast ledger score` has the same table, `volcast ledger verify` proves it"
    with_head = f"; with `--head {content.head}`, that it holds all of tonight's."
    return Section(
        name="scores",
        title="Scores of the replay" if content.replayed else "Live scores",
        sentence=sentence,
        advice=advice + (with_head if content.head else "."),
        tables={"Every series": text_table(table, COLUMNS)} if len(table) else {},
        method=METHOD + (OF_A_REPLAY if content.replayed else ""),
    )


def what_went_out(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of what went out, whichever model made it: the first series."""
    return scores[scores["series"] == scores["series"].iloc[0]] if len(scores) else scores


def _against_har(issued: pd.DataFrame) -> str:
    ratios = (
        f"{row['ratio_to_har']:.3f} of HAR's for the {horizon_name(row['horizon'])}"
        for row in issued.to_dict("records")
    )
    since = f"{issued['first'].min():%Y-%m-%d}"
    return f"Since {since}, what went out has a QLIKE of {', '.join(ratios)}."


def _nothing_scored(late: int) -> str:
    if not late:
        return "No outcome is known yet."
    if late == 1:
        return "1 forecast has an outcome and came after its target had begun: it is not scored."
    return (
        f"{late:,} forecasts have an outcome, none was written before its target began: they are "
        "not scored."
    )
