"""What a report shows of tables by ticker if there are many: the extremes, and where all are."""

import pandas as pd

from volcast.reports.blocks import Block, Paragraph
from volcast.reports.scoring.scores import POOLED

MOST_TICKERS = 100  # with more, tables by ticker show the extremes
EXTREMES = 20  # lowest and highest


def select_extremes(table: pd.DataFrame, column: str, *, within: str = "horizon") -> pd.DataFrame:
    """Return a table by ticker, of many tickers only the rows with the most extreme values.

    Parameters
    ----------
    table
        One row a group and ticker; that of all tickers together is kept.
    column
        Whose lowest and highest `EXTREMES` values are kept.
    within
        The column of the groups.

    Examples
    --------
    >>> frame = pd.DataFrame({"horizon": 1, "ticker": map(str, range(200)), "x": range(200)})
    >>> select_extremes(frame, "x")["x"].agg(["min", "max", "size"]).tolist()
    [0, 199, 40]
    """
    if table["ticker"].nunique() <= MOST_TICKERS:
        return table
    single = table[table["ticker"] != POOLED].dropna(subset=column)
    ordered = single.sort_values(column, kind="stable").groupby(table[within])
    kept = ordered.head(EXTREMES).index.union(ordered.tail(EXTREMES).index)
    return table[table.index.isin(kept) | (table["ticker"] == POOLED)]


def describe_extremes(table: pd.DataFrame, name: str, file: str) -> list[Block]:
    """Return a remark that `select_extremes` left rows out, and the file that has all; or none."""
    count = table["ticker"].nunique()
    if count <= MOST_TICKERS:
        return []
    text = (
        f"The {EXTREMES} tickers with the lowest and the {EXTREMES} with the highest {name}, of "
        f"{count:,}; `{file}` has all."
    )
    return [Paragraph(text, style="note")]
