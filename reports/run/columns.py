"""How columns that several sections of a run's report share are shown."""

from collections.abc import Sequence

import pandas as pd

from volcast.reports.model_labels import model_label
from volcast.reports.text_tables import (
    Column,
    TextTable,
    horizon_name,
    sentence_case,
    text_table,
)

TICKERS_IN_FULL = 12  # with more, tables by ticker show the leading model only

TICKER = Column("ticker", "Ticker")
HORIZON = Column("horizon", "Horizon", horizon_name)
MODEL = Column("model", "Model", model_label)
ROWS = Column("rows", "Rows", ",d")
QLIKE = Column("qlike", "QLIKE", ".4f")
RATIO_TO_HAR = Column("ratio_to_har", "Ratio to HAR", ".3f")


def text_tables_by_horizon(
    frame: pd.DataFrame, columns: Sequence[Column], *, emphasise: str | None = None
) -> dict[str, TextTable]:
    """Return the name of each horizon with the text of its rows, shortest first."""
    return {
        sentence_case(horizon_name(int(horizon))): text_table(
            frame[frame["horizon"] == horizon], columns, emphasise=emphasise
        )
        for horizon in sorted(frame["horizon"].unique())
    }


def select_readable_rows(table: pd.DataFrame, model: str) -> pd.DataFrame:
    """Return a table by ticker, reduced to one model if there are many tickers."""
    return table[table["model"] == model] if table["ticker"].nunique() > TICKERS_IN_FULL else table
