"""Flowcharts of the documentation: Mermaid in the file, drawn as SVG on the site."""

import re
import sys
from itertools import pairwise

import pytest

from tests.checkout import ROOT

sys.path.append(str(ROOT / "docs"))
import flowchart
import flowchart_layout

PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
BOX = re.compile(r'<rect x="([\d.-]+)" y="([\d.-]+)" width="(\d+)" height="(\d+)"')


@pytest.fixture(scope="module")
def chart():
    return flowchart.parse_flowchart(flowchart.BLOCK.search(PAGE)[1])


def test_nodes_labels_and_arrows_are_read_as_mermaid_reads_them():
    found = flowchart.parse_flowchart(
        'flowchart TD\n  a["first<br>second & third"] --> b & c["C"] --> d\n  d\n'
    )
    assert found.arrows == [("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")]
    assert found.labels == {"a": ["first", "second & third"], "b": ["b"], "c": ["C"], "d": ["d"]}


WRONG = {
    "another kind": ("flowchart LR\n a --> b", "begins with 'flowchart TD'; got 'flowchart LR'"),
    "another arrow": ("flowchart TD\n a -.-> b", "a node is name .*; got 'a -.-> b'"),
    "a circle": ("flowchart TD\n a --> b --> a", "the arrows form a circle"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_drawn_is_refused(case):
    source, message = WRONG[case]
    with pytest.raises(ValueError, match=message):
        flowchart.draw_flowchart(flowchart.parse_flowchart(source))


def test_a_node_is_below_all_that_point_to_it():
    arrows = [("a", "c"), ("a", "b"), ("b", "c")]
    assert flowchart_layout.find_layers("acb", arrows) == {"a": 0, "b": 1, "c": 2}
    assert flowchart_layout.find_route(("a", "c"), {"a": 0, "c": 2}) == ["a", ("a", "c", 1), "c"]


def test_arrows_that_need_not_cross_do_not():
    routes = [["a", "d"], ["b", "c"]]
    assert flowchart_layout.count_crossings([["a", "b"], ["c", "d"]], routes) == 1
    rows = flowchart_layout.order_points({"a": 0, "b": 0, "c": 1, "d": 1}, routes)
    assert flowchart_layout.count_crossings(rows, routes) == 0


def test_the_site_has_every_box_and_arrow_and_no_boxes_overlap(chart):
    page = flowchart.replace_flowcharts(PAGE)
    assert "```mermaid" not in page and page.count("<svg") == 1
    assert page.count('class="arrow"') == len(chart.arrows)
    for lines in chart.labels.values():
        assert all(f">{line}</text>" in page for line in lines)
    boxes = [tuple(map(float, box)) for box in BOX.findall(page)]
    assert len(boxes) == len(chart.labels)
    for (x, y, width, _), (left, top, _, _) in pairwise(sorted(boxes, key=lambda b: (b[1], b[0]))):
        assert y < top or x + width <= left


def test_nothing_is_drawn_outside_of_the_picture(chart):
    svg = flowchart.draw_flowchart(chart)
    left, top, width, height = map(float, re.search(r'viewBox="([^"]+)"', svg)[1].split())
    numbers = re.findall(r"([\d.-]+) ([\d.-]+)", " ".join(re.findall(r' d="M([^"]+)"', svg)))
    corners = [(x + w, y + h) for x, y, w, h in (map(float, box) for box in BOX.findall(svg))]
    for x, y in [*((float(x), float(y)) for x, y in numbers), *corners]:
        assert left <= x <= left + width and top <= y <= top + height


def find_folder(node, label):
    folder = ROOT / label[0].replace(".", "/")
    assert folder.is_dir(), node
    return folder


def test_every_arrow_of_the_architecture_is_an_import(chart):
    """The picture is drawn by hand; what it says is checked against the code."""
    for one, to in chart.arrows:
        files = find_folder(one, chart.labels[one]).rglob("*.py")
        wanted = f"volcast.{chart.labels[to][0]}"
        assert any(wanted in path.read_text(encoding="utf-8") for path in files), (one, to)
