"""Error in calm and volatile periods.

Computed from the scored rows, grouped by the level of HAR's forecast at the origin. Shows QLIKE by
regime as figures and as a table.
"""

import pandas as pd

from volcast.reports.blocks import Figures, Paragraph, fold_table
from volcast.reports.figure_panels import draw_panels_by_horizon
from volcast.reports.figures.regimes import error_by_regime
from volcast.reports.run.columns import HORIZON, MODEL, QLIKE, RATIO_TO_HAR, ROWS
from volcast.reports.run.inputs import ReportInputs
from volcast.reports.scoring.breakdowns import REGIME_RULE
from volcast.reports.section import Section
from volcast.reports.text_tables import Column, sentence_case, text_table

COLUMNS = [
    HORIZON,
    Column("regime", "Regime", sentence_case),
    MODEL,
    ROWS,
    QLIKE,
    RATIO_TO_HAR,
]
CUT_BARS = "Bars above twice HAR's highest are cut and have their value above them."


def build_section(inputs: ReportInputs) -> Section:
    """Return the section on the error by regime."""
    table = inputs.tables.regimes

    def alt(_: pd.DataFrame) -> str:
        return "QLIKE of each model on calm to volatile days"

    return Section(
        name="regimes",
        title="Error in calm and volatile periods",
        short_title="Calm and volatile",
        blocks=[
            Paragraph(f"{REGIME_RULE} {CUT_BARS}"),
            Figures(draw_panels_by_horizon(table, "regimes", error_by_regime, alt)),
            fold_table("QLIKE by regime", text_table(table, COLUMNS, emphasise=inputs.model)),
        ],
    )
