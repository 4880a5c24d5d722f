import pandas as pd

from volcast.reports.figure_panels import draw_panels_by_horizon


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
