"""The computation graph, worked by hand."""

import numpy as np

from volcast.models.lab import (
    computation_graph,
)


def test_the_graph_has_value_21_and_gradients_3_9_6(tables):
    nodes = tables["graph"]["nodes"].set_index("name")
    assert nodes.loc["j", "value"] == 21.0
    assert nodes.loc[["a", "b", "c"], "gradient"].tolist() == [3.0, 9.0, 6.0]
    np.testing.assert_allclose(
        computation_graph.compute_numeric_gradients(), [3.0, 9.0, 6.0], rtol=1e-9
    )


def test_a_variable_used_twice_gathers_both_gradients(monkeypatch):
    twice = computation_graph.Node("u", "b b", ("b", "b"), lambda x, y: x * y, lambda x, y: (y, x))
    monkeypatch.setattr(computation_graph, "GRAPH", (twice, *computation_graph.GRAPH[1:]))
    assert (
        computation_graph.compute_gradients(
            computation_graph.compute_values(computation_graph.POINT)
        )["b"]
        == 3 * 2 * 2.0
    )
