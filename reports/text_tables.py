"""From a frame to the text cells of a table that a person reads, for HTML and Markdown alike."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from volcast.reports.model_labels import model_label

MISSING = "\N{EN DASH}"

HORIZON_NAMES = {1: "next session", 5: "next week", 22: "next month"}


@dataclass(frozen=True)
class Column:
    """How one column is shown.

    Parameters
    ----------
    name
        Its name in the frame.
    heading
        Its heading in the table.
    form
        How a value becomes text: a format specification such as ``.3f``, or a function.
    wraps
        Lets long text run over several lines.
    right
        Sets text flush right, as numbers are.
    strong
        Emphasises the column.

    Examples
    --------
    >>> Column("qlike", "QLIKE", ".3f").text(0.25)
    '0.250'
    >>> Column("qlike", "QLIKE", ".3f").text(float("nan")) == MISSING
    True
    """

    name: str
    heading: str
    form: str | Callable[[Any], str] = str
    wraps: bool = False
    right: bool = False
    strong: bool = False

    @property
    def numeric(self) -> bool:
        """True if the column is set flush right."""
        return self.right or isinstance(self.form, str) or self.form is p_value

    def text(self, value: Any) -> str:
        """Return the cell's text; a missing value is a dash."""
        if pd.isna(value):
            return MISSING
        return format(value, self.form) if isinstance(self.form, str) else self.form(value)


@dataclass(frozen=True)
class TextTable:
    """A table of finished text; `emphasised` marks rows to be highlighted."""

    columns: Sequence[Column]
    rows: list[list[str]]
    emphasised: list[bool]


def text_table(
    frame: pd.DataFrame, columns: Sequence[Column], *, emphasise: str | None = None
) -> TextTable:
    """Return a frame as finished text.

    Parameters
    ----------
    frame
        Holds every column that is shown.
    columns
        What is shown, in order.
    emphasise
        The model whose rows are highlighted; the frame then has a column `model`.

    Examples
    --------
    >>> frame = pd.DataFrame({"rows": [1200], "share": [0.125]})
    >>> text_table(frame, [Column("rows", "Rows", ",d"), Column("share", "Share", ".1%")]).rows
    [['1,200', '12.5%']]
    """
    records = frame[[column.name for column in columns]].to_dict("records")
    rows = [[column.text(record[column.name]) for column in columns] for record in records]
    marks = frame["model"].eq(emphasise).tolist() if emphasise else [False] * len(frame)
    return TextTable(columns, rows, marks)


def date(value: pd.Timestamp) -> str:
    """Return a session as an ISO date, or the empty string if it is missing.

    Examples
    --------
    >>> date(pd.Timestamp("2018-12-31"))
    '2018-12-31'
    """
    return "" if pd.isna(value) else f"{value:%Y-%m-%d}"


def sentence_case(text: str) -> str:
    """Return text with a capital first letter, the rest unchanged.

    Examples
    --------
    >>> sentence_case("fitted by HAR")
    'Fitted by HAR'
    """
    return text[:1].upper() + text[1:]


def series_label(name: str) -> str:
    """Return a model and its version as a reader knows them.

    Examples
    --------
    >>> series_label("har 1"), series_label("issued")
    ('HAR 1', 'Issued')
    """
    model, _, version = name.partition(" ")
    return f"{sentence_case(model_label(model))} {version}".rstrip()


def p_value(value: float) -> str:
    """Return a p-value as it is printed in papers.

    Examples
    --------
    >>> p_value(0.0312), p_value(1e-7)
    ('0.031', '< 0.001')
    """
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def horizon_name(horizon: int) -> str:
    """Return a horizon in words.

    Examples
    --------
    >>> horizon_name(1), horizon_name(10)
    ('next session', 'next 10 sessions')
    """
    return HORIZON_NAMES.get(int(horizon), f"next {horizon} sessions")
