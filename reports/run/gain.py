"""Does the network beat HAR? Its gain, split into the steps that lead to it.

Computed from the table of steps (`volcast.reports.scoring.gain_attribution`). Shows the split of
the shortest horizon in a sentence, and all steps in a table.
"""

from volcast.reports.blocks import Block, Paragraph, TableBlock
from volcast.reports.run.columns import HORIZON, ROWS
from volcast.reports.run.inputs import ReportInputs
from volcast.reports.scoring.gain_attribution import steps_sentence
from volcast.reports.section import Section
from volcast.reports.text_tables import Column, sentence_case, text_table

STEP_COLUMNS = [
    HORIZON,
    Column("step", "Step", sentence_case),
    ROWS,
    Column("qlike_before", "QLIKE before", ".4f"),
    Column("qlike_after", "QLIKE after", ".4f"),
    Column("gain_pct", "Gain (% of HAR's)", "+.1f"),
    Column("error_pct", "Std. error", ".1f"),
]
METHOD = (
    "More information: HAR-X, a linear model on all features of the network, against HAR. A "
    "nonlinear function: single networks (the mean of all of them) against HAR-X. A pretrained "
    "network: the forecast combined with that of one trained on other tickers, against the one "
    "without. Refitting: against the first fold's network, never refitted."
)


def build_section(inputs: ReportInputs) -> Section:
    """Return the section on the network's gain over HAR."""
    table = text_table(inputs.steps, STEP_COLUMNS)
    blocks: list[Block] = [Paragraph(METHOD), TableBlock(table)]
    if not table.rows:
        blocks = [Paragraph("No row is scored for both the network and HAR yet.")]
    return Section(
        name="gain",
        title="Does the network beat HAR?",
        sentence=steps_sentence(inputs.steps),
        blocks=blocks,
        short_title="Gain over HAR",
    )
