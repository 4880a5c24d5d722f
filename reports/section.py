"""What one diagnostic found, ready for a page: words, advice, figures and tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from volcast.reports.text_tables import TextTable


@dataclass(frozen=True)
class Panel:
    """One figure of the page: its heading and its SVG."""

    title: str
    svg: str


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
        What was found, with its numbers.
    advice
        What to do next, in a line.
    panels
        Figures.
    tables
        Heading to table; shown folded.
    method
        How it was measured, in a sentence or two.
    prose
        Paragraphs that explain, before the figures; the advice then comes last.
    steps
        What happens in which order, as a numbered list after the paragraphs.
    unfolded
        Whether the tables are shown at once.
    """

    name: str
    title: str
    sentence: str
    advice: str
    panels: Sequence[Panel] = ()
    tables: Mapping[str, TextTable] = field(default_factory=dict)
    method: str = ""
    prose: Sequence[str] = ()
    steps: Sequence[str] = ()
    unfolded: bool = False
