"""Tables as plain records, for text and drawings that go row by row."""

from typing import Any

import pandas as pd

Row = dict[str, Any]


def rows(table: pd.DataFrame) -> list[Row]:
    """Return each row as a mapping from column to value."""
    found: list[Row] = table.to_dict("records")  # type: ignore[assignment]
    return found


def groups(table: pd.DataFrame, by: str) -> list[tuple[Any, pd.DataFrame]]:
    """Return each value of a column in order of appearance, with its rows."""
    return [(key, part) for key, part in table.groupby(by, sort=False)]
