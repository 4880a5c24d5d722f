"""One template each for HTML and Markdown: every kind of block, its order and its escaping."""

import dataclasses
import typing

import pandas as pd
import pytest

from tests.reports.outline import outline
from volcast.reports import blocks
from volcast.reports.blocks import (
    Aside,
    Card,
    Cards,
    Definitions,
    Figures,
    Folded,
    Heading,
    Mark,
    Notice,
    Panel,
    Paragraph,
    Preformatted,
    Steps,
    TableBlock,
    TickerLookup,
    fold_table,
)
from volcast.reports.section import Page, Section
from volcast.reports.templating import render_html, render_markdown
from volcast.reports.text_tables import Column, text_table

TABLE = text_table(pd.DataFrame({"a": ["x < y"]}), [Column("a", "A|B")])
SVG = '<svg role="img" aria-label="one"></svg>'
BLOCKS = [
    Paragraph("Run `volcast run`."),
    Heading("A heading"),
    Notice("Look here.", "Careful.", ("More", "#one")),
    Figures([Panel("Figure one", SVG)], Aside("How to read", [Paragraph("Slowly.")])),
    TableBlock(TABLE, "A table"),
    Folded("Behind a line", [Paragraph("Folded text.")]),
    TickerLookup("packed", ["TICKER A", "TICKER B"]),
    Steps(["first step"]),
    Definitions({"seed": 0}),
    Preformatted("a = 1\nb = 2"),
    Cards(
        [Card("AAA", "Next session", "20.1", [("HAR", "19.0", "")], (10, 5), [])], {"har": "HAR"}
    ),
]
TEXTS = ["A heading", "Look here.", "Slowly.", "Folded text.", "first step", "seed", "b = 2"]


def page_of(*content, **fields):
    return Page("T", "S", [Section("one", "One", blocks=content, **fields)])


def test_the_examples_cover_every_kind_of_block():
    assert {type(block) for block in BLOCKS} == set(typing.get_args(blocks.Block))


def test_both_templates_show_every_block_in_order():
    for text in (render_html(page_of(*BLOCKS)), render_markdown(page_of(*BLOCKS))):
        places = [text.index(word) for word in TEXTS]
        assert places == sorted(places)
    parsed = outline(render_html(page_of(*BLOCKS)))
    assert {"figure", "table", "details", "ol", "dl", "pre", "article"} <= {
        t for t, _ in parsed.tags
    }


def test_markdown_leaves_out_drawings_and_escapes_cells():
    text = render_markdown(page_of(*BLOCKS))
    assert "<svg" not in text and "AAA" not in text and "packed" not in text
    assert "| A\\|B |" in text and "| x &lt; y |" in text


def test_text_between_backticks_is_code_and_markup_is_escaped():
    page = render_html(page_of(Paragraph("`a < b` <script>")))
    assert "<code>a &lt; b</code> &lt;script&gt;" in page
    assert "&lt;script>" in render_markdown(page_of(Paragraph("<script>")))


def test_the_advice_follows_the_sentence_or_comes_last():
    plain = Section("one", "One", "Found.", "do it.", [Paragraph("So.", style="note")])
    explained = dataclasses.replace(plain, advice_last=True)
    for render in (render_html, render_markdown):
        first, last = (render(Page("T", "S", [section])) for section in (plain, explained))
        assert first.index("Next:") < first.index("So.")
        assert last.index("So.") < last.index("Next:")


def test_a_page_with_several_sections_has_a_navigation_with_their_short_titles():
    two = Section("two", "A long title", short_title="Short")
    page = render_html(Page("T", "S", [Section("one", "One"), two]))
    assert '<a href="#two">Short</a>' in page and "<h2>A long title</h2>" in page
    assert "<nav" not in render_html(page_of())


def test_a_section_without_a_shown_title_is_named_for_screen_readers():
    page = render_html(page_of(title_shown=False))
    assert 'aria-label="One"' in page and "<h2>" not in page


def test_links_notice_and_footer_are_shown():
    page = Page("T", "S", [], {"Back": "../x.html"}, Notice("Two alerts."), "The end.")
    html = render_html(page)
    assert '<a href="../x.html">Back</a>' in html and "Two alerts." in html
    assert "<footer>The end.</footer>" in html and "The end." in render_markdown(page)


def test_a_mark_is_placed_on_the_scale_of_its_card():
    card = Card("AAA", "", "1", [], None, [Mark("net", 12.5)], note="Clipped.")
    page = render_html(page_of(Cards([card], {})))
    assert '<i class="net" style="left:12.5%"></i>' in page and "Clipped." in page


def test_figures_by_threes_share_a_row():
    three = Figures([Panel(str(k), SVG) for k in range(3)])
    assert 'class="grid threes"' in render_html(page_of(three))
    assert 'class="grid"' in render_html(page_of(Figures([Panel("1", SVG)])))
    assert "grid" not in outline_classes(render_html(page_of(Figures([]))))


def outline_classes(page):
    return {
        name for _, attributes in outline(page).tags for name in attributes.get("class", "").split()
    }


@pytest.mark.parametrize(("unfolded", "tag"), [(True, "<details open>"), (False, "<details>")])
def test_a_fold_is_open_only_if_it_is_unfolded(unfolded, tag):
    assert tag in render_html(page_of(fold_table("Rows", TABLE, unfolded=unfolded)))
