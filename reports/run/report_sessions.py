"""Error with and without an earnings report.

Computed from the scored rows, split by whether a session of the target was the first to trade on a
report. Shows QLIKE of both as a table; without known reports there is no section.
"""

import pandas as pd

from volcast.reports.blocks import Paragraph, TableBlock
from volcast.reports.model_labels import model_label
from volcast.reports.run.columns import HORIZON, MODEL, QLIKE, RATIO_TO_HAR, ROWS
from volcast.reports.run.inputs import ReportInputs
from volcast.reports.scoring.breakdowns import WITH_REPORT
from volcast.reports.scoring.scores import BASELINE
from volcast.reports.section import Section
from volcast.reports.text_tables import Column, horizon_name, sentence_case, text_table

COLUMNS = [
    HORIZON,
    Column("reports", "Target", sentence_case),
    MODEL,
    ROWS,
    QLIKE,
    RATIO_TO_HAR,
    Column("share", "Share of all loss", ".1%"),
]
RULE = (
    "The session that is the first to trade on an earnings report is many times as volatile as "
    "others. A target with such a session counts as one with a report; the split is known only "
    "afterwards and was not used to forecast."
)


def build_section(inputs: ReportInputs) -> Section | None:
    """Return the section on the error by report; None if no report is known."""
    table = inputs.tables.reports
    if table.empty or not (table["reports"] == WITH_REPORT).any():
        return None
    return Section(
        name="reports",
        title="Error with and without an earnings report",
        short_title="Reports",
        sentence=_describe(table[table["horizon"] == table["horizon"].min()], inputs.model),
        blocks=[
            Paragraph(RULE),
            TableBlock(text_table(table, COLUMNS, emphasise=inputs.model), "QLIKE by report"),
        ],
    )


def _describe(table: pd.DataFrame, model: str) -> str:
    """Return how much of HAR's loss and of the model's comes with reports, at one horizon."""
    with_report = table[table["reports"] == WITH_REPORT].set_index("model")
    if not {BASELINE, model} <= set(with_report.index):
        return ""
    har, own = (with_report.loc[name].to_dict() for name in (BASELINE, model))
    rows = table.loc[table["model"] == BASELINE, "rows"].sum()
    horizon = horizon_name(int(table["horizon"].iloc[0]))
    return (
        f"{har['rows'] / rows:.1%} of the targets of the {horizon} trade "
        f"on a report. They are {har['share']:.0%} of HAR's loss and {own['share']:.0%} of the "
        f"loss of {model_label(model)}, whose ratio to HAR is {own['ratio_to_har']:.2f} on them."
    )
