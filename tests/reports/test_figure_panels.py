import pandas as pd

from volcast.reports.blocks import Figures
from volcast.reports.figure_panels import draw_panel, draw_panels_by_horizon
from volcast.reports.section import Page, Section
from volcast.reports.templating import render_html, render_markdown


def draw(part, axes):
    axes.plot(part["value"])
    return axes


def test_each_horizon_has_a_figure_shortest_first():
    table = pd.DataFrame({"horizon": [5, 1, 1], "value": 1.0})
    panels = draw_panels_by_horizon(table, "x", draw, lambda part: f"{len(part)} rows")
    assert [panel.title for panel in panels] == ["Next session", "Next week"]
    assert 'aria-label="2 rows (next session)."' in panels[0].svg


def test_an_empty_table_has_no_figures():
    assert draw_panels_by_horizon(pd.DataFrame({"horizon": []}), "x", draw, str) == []


def test_a_figure_is_drawn_when_it_is_shown_and_only_once():
    drawn = []
    panel = draw_panel("One", "one", "a line", lambda axes: drawn.append(axes.plot([1.0, 2.0])))
    page = Page("Title", "Subtitle", [Section("part", "Part", blocks=[Figures([panel])])])
    assert "<svg" not in render_markdown(page) and not drawn
    assert render_html(page) == render_html(page) and len(drawn) == 1
