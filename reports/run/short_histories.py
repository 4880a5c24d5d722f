"""Short histories: whose they are and what their forecasts were worth, in the section on data.

Computed from the table of histories and the unscored forecasts from short ones. Shows the tickers
whose history is short at the newest origin, and the loss of all such forecasts by horizon.
"""

from volcast.reports.blocks import Block, Heading, Paragraph, TableBlock, fold_table
from volcast.reports.model_labels import model_label
from volcast.reports.run.columns import (
    HORIZON,
    MODEL,
    QLIKE,
    RATIO_TO_HAR,
    ROWS,
    TICKER,
    TICKERS_IN_FULL,
)
from volcast.reports.run.inputs import ReportInputs
from volcast.reports.text_tables import Column, date, text_table

COLUMNS = [TICKER, Column("first", "First session", date), Column("sessions", "Sessions", ",d")]
LOSS_COLUMNS = [
    HORIZON,
    MODEL,
    Column("tickers", "Tickers", ",d"),
    ROWS,
    QLIKE,
    RATIO_TO_HAR,
    Column("fallback_share", "Fallback", ".0%"),
]
INTRODUCTION = (
    "Until most of a year of a ticker's sessions are known, its long-run features are unknown and "
    "count as the average of the panel. It is forecast, but no model is fitted on it, and its "
    "forecasts are not among the scored ones. {har} has the coefficients of all tickers together "
    "for it; models of a single ticker's returns give way to the mean of 22 sessions, a fallback."
)


def build_blocks(inputs: ReportInputs) -> list[Block]:
    """Return the blocks on short histories; none if no forecast was made from one."""
    losses = inputs.tables.short_histories
    histories = inputs.histories
    blocks: list[Block] = []
    if histories is not None and len(histories):
        shown = text_table(histories, COLUMNS)
        few = len(histories) <= TICKERS_IN_FULL
        blocks += [TableBlock(shown) if few else fold_table("Tickers with short histories", shown)]
    if len(losses):
        shown = text_table(losses, LOSS_COLUMNS, emphasise=inputs.model)
        blocks += [fold_table("Loss of the forecasts from short histories", shown)]
    if not blocks:
        return []
    introduction = Paragraph(INTRODUCTION.format(har=model_label("har")))
    return [Heading("Short histories"), introduction, *blocks]
