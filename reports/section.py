"""A page and its sections: what a builder of `volcast.reports` returns and the templates render."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from volcast.reports.blocks import Block, Figures, Folded, Notice, Panel, TableBlock, TickerLookup
from volcast.reports.text_tables import TextTable


@dataclass(frozen=True)
class Section:
    """One section of a page.

    Parameters
    ----------
    name
        Short and unique in a page: the section's id, and the beginning of its figures' names.
    title
        Heading of the section.
    sentence
        The conclusion with its numbers, under the title.
    advice
        What to do next, in a line.
    blocks
        Paragraphs, figures and tables in their order; see `volcast.reports.blocks`.
    advice_last
        Whether the advice follows the blocks rather than the sentence.
    short_title
        The section's name in the navigation; the title if it is empty.
    title_shown
        False leaves out the heading, where the blocks speak for themselves.

    Examples
    --------
    >>> from volcast.reports.blocks import Paragraph
    >>> section = Section("scores", "Scores", blocks=[Paragraph("Lower is better.")])
    >>> section.navigation
    'Scores'
    """

    name: str
    title: str
    sentence: str = ""
    advice: str = ""
    blocks: Sequence[Block] = ()
    advice_last: bool = False
    short_title: str = ""
    title_shown: bool = True

    @property
    def navigation(self) -> str:
        """The section's name in the navigation."""
        return self.short_title or self.title

    @property
    def panels(self) -> list[Panel]:
        """All figures of the section."""
        figures = (block for _, block in _walk(self.blocks) if isinstance(block, Figures))
        return [panel for block in figures for panel in block.panels]

    @property
    def tables(self) -> dict[str, TextTable]:
        """All tables of the section by their heading, or by that of the fold that holds them."""
        return {
            block.heading or heading: block.table
            for heading, block in _walk(self.blocks)
            if isinstance(block, TableBlock)
        }


@dataclass(frozen=True)
class Page:
    """A list of sections with a title.

    Parameters
    ----------
    title, subtitle
        Heading of the page, and the line below it.
    sections
        In the order in which they are shown, each with its own name.
    links
        Text to address of links to other pages.
    notice
        A warning above all sections.
    footer
        The last line.
    """

    title: str
    subtitle: str
    sections: Sequence[Section]
    links: Mapping[str, str] = field(default_factory=dict)
    notice: Notice | None = None
    footer: str = ""

    @property
    def scripts(self) -> list[str]:
        """The scripts that blocks of the page need."""
        blocks = [block for section in self.sections for _, block in _walk(section.blocks)]
        searchable = any(isinstance(block, TableBlock) and block.searchable for block in blocks)
        lookup = any(isinstance(block, TickerLookup) for block in blocks)
        return ["search.js"] * searchable + ["ticker_lookup.js"] * lookup


def _walk(blocks: Sequence[Block], heading: str = "") -> Iterator[tuple[str, Block]]:
    """Yield every block with the heading of the fold that holds it."""
    for block in blocks:
        yield heading, block
        if isinstance(block, Folded):
            yield from _walk(block.blocks, block.heading)
