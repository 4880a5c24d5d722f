"""The drawings of the lab, from small tables made by hand."""

import xml.etree.ElementTree as ElementTree

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from volcast.reports.figures.render import figure_svg
from volcast.reports.lab.figures import curves, descent, graphs, regions, surfaces
from volcast.reports.lab.figures.style import powers_of_ten


def new_axes(projection=None):
    return Figure(layout="constrained").add_subplot(projection=projection)


def grid():
    x, y = np.meshgrid(np.linspace(-1, 1, 5), np.linspace(-2, 2, 5))
    return pd.DataFrame({"x": x.ravel(), "y": y.ravel(), "value": (x**2 + y**2).ravel()})


PATH = pd.DataFrame({"x": [1.0, 0.5], "y": [2.0, 0.1], "value": [5.0, 0.26], "name": "one"})
PARABOLA = pd.DataFrame(
    {
        "rate": [0.1, 0.1, 0.5, 0.5],
        "step": [0, 1, 0, 1],
        "x": [5.0, 4, 5, 0],
        "value": [25.0, 16, 25, 0],
    }
)
SIZES = pd.DataFrame(
    {"batch_size": [16, 16, 64, 64], "epoch": [0, 1, 0, 1], "steps": [0, 4, 0, 1]}
).assign(train_loss=[1.0, 0.1, 1.0, 0.5])
LEFT = pd.DataFrame({"activation": "relu", "depth": [1, 2], "left": [1.0, 0.9]}).assign(
    low=0.8, high=1.1, bound=[0.25, 0.0625]
)
POINTS = pd.DataFrame({"x": [-0.5, 0.5], "y": 0.0, "class": [0, 1], "right": [True, False]})
REGIONS = grid().assign(margin_0=lambda t: -t["x"], margin_1=lambda t: t["x"])
HISTORY = pd.DataFrame({"epoch": [0, 1], "train_accuracy": [0.5, 1.0], "val_accuracy": [0.4, 0.9]})
LOSSES = {"a": pd.Series([0.5, 0.4])}

DRAWINGS = {
    "points": lambda axes: descent.points_on_parabola(PARABOLA, axes),
    "distance": lambda axes: descent.distance_left(PARABOLA, axes),
    "contour": lambda axes: surfaces.contour(grid(), PATH, axes, names=("x", "y"), by="name"),
    "regions": lambda axes: regions.decision_regions(REGIONS, POINTS, axes),
    "accuracy": lambda axes: regions.accuracy_curves(HISTORY, axes, best_epoch=1),
    "losses": lambda axes: curves.loss_curves(LOSSES, axes, loss="Loss (nats)"),
    "batches": lambda axes: curves.batch_size_curves(SIZES, axes, along="steps", unit="Step (log)"),
    "gradients": lambda axes: curves.gradient_left(LEFT, axes),
}


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_returns_its_axes_with_units_on_its_labels(name):
    axes = new_axes()
    assert DRAWINGS[name](axes) is axes
    assert "(" in axes.get_ylabel()
    assert axes.get_xlabel()
    ElementTree.fromstring(figure_svg(DRAWINGS[name], name=name, alt=name))


def test_a_surface_is_drawn_in_three_dimensions_with_its_path():
    axes = new_axes("3d")
    surfaces.surface(grid(), PATH, axes, names=("x", "y", "f"))
    assert axes.name == "3d" and len(axes.collections) == 1
    x, y, z = axes.lines[0].get_data_3d()
    np.testing.assert_array_equal([x, y], [PATH["x"], PATH["y"]])
    assert (z > PATH["value"]).all()
    assert axes.get_xlabel() == "x (no unit)"
    svg = figure_svg(
        lambda axes: surfaces.surface(grid(), PATH, axes, names=("x", "y", "f")),
        name="s",
        alt="s",
        projection="3d",
    )
    ElementTree.fromstring(svg)
    assert "Height: f (no unit)" in svg


def test_the_graph_shows_values_forward_and_gradients_backward():
    nodes = pd.DataFrame({"name": ["a", "j"], "formula": ["a", "3 a"], "level": [0, 1]}).assign(
        value=[2.0, 6.0], gradient=[3.0, 1.0]
    )
    edges = pd.DataFrame({"source": ["a"], "target": ["j"], "slope": [3.0]})
    texts = {}
    for backward in (False, True):
        axes = new_axes()
        graphs.computation_graph(nodes, edges, axes, backward=backward)
        texts[backward] = {text.get_text() for text in axes.texts}
    assert {"a = 2", "j = 6"} <= texts[False]
    assert {"∂j/∂a = 3", "∂j/∂j = 1", "· 3"} <= texts[True]


def test_connections_are_as_thick_as_their_share():
    neurons = pd.DataFrame({"layer": [0, 0, 1], "place": [0, 1, 0], "name": ["p", "q", "r"]})
    weights = pd.DataFrame(
        {"layer": 0, "source": [0, 1], "target": 0, "gradient": [-1.0, 3.0], "share": [0.25, 0.75]}
    )
    axes = new_axes()
    graphs.weighted_network(neurons, weights, axes)
    widths = [text.arrow_patch.get_linewidth() for text in axes.texts if text.arrow_patch]
    assert widths[1] == pytest.approx(3 * widths[0])
    assert {"25%", "75%", "p", "q", "r"} <= {text.get_text() for text in axes.texts}


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "0"), (0.01, "0.01"), (1e4, "10,000"), (1e-6, "10⁻⁶"), (1e12, "10¹²")]
)
def test_powers_of_ten_are_plain_text(value, text):
    axes = new_axes()
    powers_of_ten(axes.yaxis)
    assert axes.yaxis.get_major_formatter()(value, 0) == text
