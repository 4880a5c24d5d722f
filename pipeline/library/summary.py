"""A summary that prints itself: facts, tables and notes as text, as statsmodels prints results."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

WIDTH = 78  # characters of a line, unless a table is wider
ROWS_SHOWN = 30  # of a table; of a longer one the first are printed


@dataclass(frozen=True, eq=False)
class Summary:
    """The text of a result; ``print`` shows it, and so does a notebook.

    Parameters
    ----------
    title
        Its heading.
    facts
        Label to value.
    tables
        Heading to table; numbers are rounded to four significant digits.
    notes
        Sentences under the tables.

    Examples
    --------
    >>> print(Summary("Forecast", {"Tickers": "SPY", "Horizons": "1"}))
                                       Forecast
    ==============================================================================
    Tickers:                           SPY  Horizons:                            1
    ==============================================================================
    """

    title: str
    facts: Mapping[str, str] = field(default_factory=dict)
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    notes: Sequence[str] = ()

    def __str__(self) -> str:
        texts = {heading: format_table(table) for heading, table in self.tables.items()}
        width = max([WIDTH, *(len(line) for text in texts.values() for line in text.splitlines())])
        double, single = "=" * width, "-" * width
        lines = [self.title.center(width).rstrip(), double, *_format_facts(self.facts, width)]
        for heading, text in texts.items():
            lines += [single, heading, single, text]
        lines.append(double)
        for note in self.notes:
            lines += textwrap.wrap(note, width)
        return "\n".join(lines)

    def __repr__(self) -> str:
        return str(self)


def format_table(table: pd.DataFrame) -> str:
    """Return a table as text; missing values are blank."""
    shown = table.head(ROWS_SHOWN)
    text = format_cells(shown).to_string(index=False)
    left = len(table) - len(shown)
    return f"{text}\n... and {left:,} more rows" if left else text


def format_cells(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table as text, cell by cell: dates as days, numbers to four significant digits."""
    return pd.DataFrame({name: table[name].map(_format_cell) for name in table}, dtype="object")


def _format_cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or value is pd.NaT or (isinstance(value, float) and pd.isna(value)):
        return ""
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _format_facts(facts: Mapping[str, str], width: int) -> list[str]:
    """Return facts in two columns; a long value has a line of its own."""
    half, lines, waiting = width // 2 - 1, [], ""
    for label, value in facts.items():
        text = f"{label}: {value:>{max(half - len(label) - 2, 0)}}"
        if len(text) > half:
            lines += [waiting.rstrip()] if waiting else []
            lines += textwrap.wrap(f"{label}: {value}", width, subsequent_indent="  ")
            waiting = ""
        elif waiting:
            lines.append(f"{waiting}  {text}")
            waiting = ""
        else:
            waiting = text
    return [*lines, *([waiting] if waiting else [])]
