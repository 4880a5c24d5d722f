from volcast.reports.blocks import Figures, Folded, Panel, Paragraph, TableBlock, fold_table
from volcast.reports.section import Section
from volcast.reports.text_tables import TextTable

EMPTY = TextTable([], [], [])


def test_figures_and_tables_are_found_in_folds_too():
    section = Section(
        "one",
        "One",
        blocks=[
            Figures([Panel("a", "")]),
            TableBlock(EMPTY, "Plain"),
            Folded("More", [Paragraph("Text."), Figures([Panel("b", "")])]),
            fold_table("Folded", EMPTY),
        ],
    )
    assert [panel.title for panel in section.panels] == ["a", "b"]
    assert list(section.tables) == ["Plain", "Folded"]


def test_the_navigation_has_the_short_title_if_there_is_one():
    assert Section("one", "One").navigation == "One"
    assert Section("one", "One", short_title="1").navigation == "1"
