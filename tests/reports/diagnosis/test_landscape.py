"""Words and figures on the landscape of the loss, from made-up bowls."""

import re
import sys

import numpy as np
import pytest
from matplotlib.figure import Figure

from tests.reports.diagnosis.tables import make_landscape
from volcast.reports.diagnosis.interactive import landscape_page
from volcast.reports.diagnosis.landscape import build_landscape_section
from volcast.reports.figures.landscape import contour_levels, loss_contours, loss_surface
from volcast.reports.figures.render import figure_svg
from volcast.reports.section import Page
from volcast.reports.templating import render_html


def one_plane(tables, plane="path", part="training"):
    surface, path = tables["surface"], tables["path"]
    chosen = (surface["plane"] == plane) & (surface["part"] == part)
    return surface[chosen], path[path["plane"] == plane]


def test_the_sentence_gives_the_shares_the_distance_of_the_valleys_and_the_rates():
    section = build_landscape_section(make_landscape())
    assert "In 3 epochs" in section.sentence
    assert "the selected network is that of epoch 2" in section.sentence
    assert "The plane of the path holds 95.0 % of its variance" in section.sentence
    # The grid has points each 0.4: 0.8 is nearest to 0.9, and 0.4 to 0.3.
    assert "lies 0.4 away" in section.sentence
    assert "for a path 1.5 long" in section.sentence
    assert re.search(
        r"0\.\d{4} at 0\.003, 0\.\d{4} at 0\.01, 0\.\d{4} at 0\.03\.", section.sentence
    )


def test_a_rate_whose_path_goes_clearly_lower_is_advised():
    tables = make_landscape()
    assert build_landscape_section(tables).advice.startswith("Keep learning_rate = 0.01")
    slow = (tables["path"]["learning_rate"] == 0.003) & (tables["path"]["epoch"] == 3)
    tables["path"].loc[slow, "validation_loss"] = 0.1
    assert build_landscape_section(tables).advice.startswith(
        "Try learning_rate = 0.003: its path gains"
    )
    tables["path"].loc[tables["path"]["epoch"] > 0, "validation_loss"] = 9.0
    assert build_landscape_section(tables).advice.startswith(
        "No rate reached a loss below the start"
    )


def test_the_contours_show_paths_start_and_network_on_labelled_axes():
    axes = Figure(layout="constrained").add_subplot()
    labels = ("First (distance)", "Second (distance)")
    assert loss_contours(*one_plane(make_landscape(), "rates"), axes, labels=labels) is axes
    assert (axes.get_xlabel(), axes.get_ylabel()) == labels
    texts = [text.get_text() for text in axes.get_legend().get_texts()]
    assert texts == ["Rate 0.01", "Rate 0.003", "Rate 0.03", "Start", "Selected network"]


def test_the_surface_is_drawn_in_three_dimensions_with_labels():
    def draw(axes):
        drawn = loss_surface(
            *one_plane(make_landscape()), axes, part="training", labels=("x (m)", "y (m)")
        )
        assert drawn is axes
        assert (axes.get_xlabel(), axes.get_ylabel()) == ("x (m)", "y (m)")
        assert "no unit" in axes.get_zlabel()

    svg = figure_svg(draw, name="surface", alt="a bowl", projection="3d")
    assert svg.count("<path") > 100
    assert "nan" not in re.sub(r"<text.*?</text>", "", svg)


def test_levels_are_closer_near_the_lowest_loss_and_exist_for_a_flat_one():
    levels = contour_levels(np.linspace(1.0, 2.0, 100))
    assert (np.diff(levels, 2) > 0).all()
    assert levels[0] > 1.0 and levels[-1] == pytest.approx(1.9, abs=0.01)
    assert (np.diff(contour_levels(np.full(9, 0.3))) > 0).all()


def test_losses_that_are_no_numbers_leave_holes():
    tables = make_landscape()
    tables["surface"].loc[tables["surface"]["x"] > 1.5, "loss"] = np.inf
    page = render_html(Page("t", "s", [build_landscape_section(tables)]))
    assert page.count("<svg") == 8


def test_the_interactive_page_is_self_contained_and_has_both_parts_of_every_plane():
    pytest.importorskip("plotly")
    page = landscape_page(make_landscape(), title="A title")
    assert not re.search(r"<(script|link)[^>]*(src|href)=", page)
    assert "A title" in page
    assert page.count('"scene":"scene2"') == 3 + 5  # surfaces, and paths
    assert page.count('"meta":"rates"') == 2 * (1 + 3)
    assert "Plane of the path" in page and "Train loss" in page and "Validation loss" in page


def test_without_plotly_the_remedy_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "plotly.graph_objects", None)
    with pytest.raises(ModuleNotFoundError, match=r'pip install "volcast\[interactive\]"'):
        landscape_page(make_landscape())
