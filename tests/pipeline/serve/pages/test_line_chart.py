import re
from xml.etree import ElementTree

from volcast.pipeline.serve.pages.line_chart import Band, Line, choose_ticks, draw_chart

PLACES = ["a", "b", "<c>", "d"]


def parse(chart):
    return ElementTree.fromstring(f"<div>{chart}</div>")


def test_points_lie_where_their_values_are():
    chart = parse(draw_chart(PLACES, [Line("x", "forecast", [0.0, 10.0, 20.0, 40.0])], alt="x"))
    wide, narrow = chart
    assert (wide.get("class"), narrow.get("class")) == ("chart wide", "chart narrow")
    path = next(p for p in wide.iter("path") if "forecast" in p.get("class"))
    points = [tuple(map(float, p.split())) for p in re.split("[ML]", path.get("d"))[1:]]
    heights = [y for _, y in points]
    assert heights[0] - heights[1] == heights[1] - heights[2] == (heights[2] - heights[3]) / 2
    assert [x for x, _ in points] == sorted(x for x, _ in points)


def test_what_is_not_known_is_a_gap():
    lines = [Line("x", "forecast", [1.0, None, 2.0, 3.0])]
    band = Band("y", "band", [0.5, 0.5, None, 1.0], [2.0, 2.0, 2.0, None])
    wide = parse(draw_chart(PLACES, lines, alt="x", band=band))[0]
    classes = [path.get("class") for path in wide.iter("path")]
    assert classes.count("line forecast") == classes.count("line dot forecast") == 1
    assert classes.count("band") == 1


def test_nothing_is_drawn_without_values():
    assert draw_chart([], [], alt="x") == ""
    assert draw_chart(["a"], [Line("x", "forecast", [None])], alt="x") == ""


def test_texts_are_escaped_and_no_style_is_inside():
    chart = draw_chart(PLACES, [Line("x", "forecast", [1.0] * 4)], alt='"><script>')
    assert "<script" not in chart and "style" not in chart and "&lt;c&gt;" in chart


def test_ticks_are_round_and_enclose_the_values():
    for low, high in ((0, 0.003), (-1.2, 3.9), (5, 5), (0, 1e6)):
        ticks = choose_ticks(low, high)
        assert ticks[0] <= low and ticks[-1] >= high
        assert 2 <= len(ticks) <= 8
