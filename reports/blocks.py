"""The blocks that the sections of a page consist of, as finished text, tables and drawings.

The templates ``page.html.j2`` and ``page.md.j2`` render a block by its `kind`. Figures and cards
are drawings: Markdown leaves them out, so their numbers must be in a table, too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Literal, TypeAlias

from volcast.reports.text_tables import TextTable


@dataclass(frozen=True)
class Paragraph:
    """A paragraph of prose; text between backticks is set as code.

    The style ``lead`` is the large type of a conclusion, ``note`` the muted type of a remark.
    """

    kind: ClassVar[str] = "paragraph"
    text: str
    style: Literal["", "lead", "note"] = ""


@dataclass(frozen=True)
class Heading:
    """A heading within a section."""

    kind: ClassVar[str] = "heading"
    text: str


@dataclass(frozen=True)
class Notice:
    """A highlighted warning: its title in bold, its text, and an optional link."""

    kind: ClassVar[str] = "notice"
    text: str
    title: str = ""
    link: tuple[str, str] | None = None  # its text and its address


@dataclass(frozen=True)
class Panel:
    """One figure: its heading, and its SVG or the function that draws it.

    It is drawn when a page shows it for the first time, and once only: Markdown has no figures.
    """

    title: str
    drawing: str | Callable[[], str]

    @cached_property
    def svg(self) -> str:
        """The drawing as an SVG element."""
        return self.drawing if isinstance(self.drawing, str) else self.drawing()


@dataclass(frozen=True)
class Aside:
    """Explanations or values that take the place of a last figure in the grid."""

    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Figures:
    """A grid of figures, with an optional aside as its last cell."""

    kind: ClassVar[str] = "figures"
    panels: Sequence[Panel]
    aside: Aside | None = None

    @property
    def cells(self) -> int:
        """The number of cells of the grid."""
        return len(self.panels) + (self.aside is not None)


@dataclass(frozen=True)
class TableBlock:
    """A table under an optional heading.

    A `tall` one scrolls within its own height. A `searchable` one gets, where scripts run, a field
    that filters its rows and headings that sort them.
    """

    kind: ClassVar[str] = "table"
    table: TextTable
    heading: str = ""
    tall: bool = False
    searchable: bool = False


@dataclass(frozen=True)
class Folded:
    """Blocks behind a line that opens them; `unfolded` shows them at once."""

    kind: ClassVar[str] = "folded"
    heading: str
    blocks: Sequence[Block]
    unfolded: bool = False


@dataclass(frozen=True)
class TickerLookup:
    """One ticker at a time, chosen by name: its recent forecasts as a figure, and its scores.

    A script draws them from `data` (`volcast.reports.ticker_lookup.pack_tickers`), which is much
    smaller than a figure for each ticker. The page's tables then link to their tickers.
    """

    kind: ClassVar[str] = "ticker_lookup"
    data: str
    tickers: Sequence[str]


@dataclass(frozen=True)
class Steps:
    """A numbered list of what happens in which order."""

    kind: ClassVar[str] = "steps"
    items: Sequence[str]


@dataclass(frozen=True)
class Definitions:
    """Labels with their values."""

    kind: ClassVar[str] = "definitions"
    entries: Mapping[str, object]


@dataclass(frozen=True)
class Preformatted:
    """Text whose line breaks and spaces are kept, such as a settings file."""

    kind: ClassVar[str] = "preformatted"
    text: str


@dataclass(frozen=True)
class Mark:
    """A mark on the scale of a card: its kind (`net`, `har` or `now`) and its place in percent."""

    kind: str
    place: float


@dataclass(frozen=True)
class Card:
    """The forecasts of one ticker.

    `facts` are short texts with a value in the middle: the text before it, the value, the
    text after it. `band` is the beginning and the width of the interval on the scale, in percent.
    """

    title: str
    subtitle: str
    value: str
    facts: Sequence[tuple[str, str, str]]
    band: tuple[float, float] | None
    marks: Sequence[Mark]
    table: TextTable | None = None
    note: str = ""


@dataclass(frozen=True)
class Cards:
    """One card a ticker, with a legend of the marks on their scales: kind to label."""

    kind: ClassVar[str] = "cards"
    cards: Sequence[Card]
    legend: Mapping[str, str]


Block: TypeAlias = (
    Paragraph
    | Heading
    | Notice
    | Figures
    | TableBlock
    | Folded
    | TickerLookup
    | Steps
    | Definitions
    | Preformatted
    | Cards
)


def fold_table(heading: str, table: TextTable, *, unfolded: bool = False) -> Folded:
    """Return a table behind a line with its heading."""
    return Folded(heading, [TableBlock(table, tall=True)], unfolded)
