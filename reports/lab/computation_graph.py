"""The section on the chain rule, on a graph of three operations."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import pandas as pd

from volcast.reports.blocks import Figures, Paragraph, Steps, fold_table
from volcast.reports.figure_panels import draw_panel
from volcast.reports.lab.figures.graphs import computation_graph
from volcast.reports.lab.formatting import listed
from volcast.reports.lab.records import rows
from volcast.reports.section import Section
from volcast.reports.text_tables import Column, text_table

COLUMNS = [
    Column("name", "Variable"),
    Column("formula", "Formula"),
    Column("value", "Value", "g"),
    Column("gradient", "∂j / ∂ variable", "g"),
]


def build_section(tables: Mapping[str, pd.DataFrame]) -> Section:
    """Return the section of the tables of `volcast.models.lab.computation_graph`."""
    nodes, edges = tables["nodes"], tables["edges"]
    inputs = nodes[nodes["level"] == 0]
    names = ", ".join(inputs["name"])
    result = rows(nodes)[-1]
    gradients = listed([f"{value:g}" for value in inputs["gradient"]])
    at = ", ".join(f"{value:g}" for value in inputs["value"])
    return Section(
        name="graph",
        title="The chain rule on a graph",
        sentence=f"At ({names}) = ({at}), j = 3 (a + b c) is {result['value']:g}; its "
        f"gradients are {gradients}.",
        blocks=[
            Paragraph(
                "Every calculation is a graph of small ones. In the forward pass, each variable is "
                "computed from those before it. In the backward pass, each variable receives how "
                "fast j changes with it, multiplies this by the slope of its own calculation, and "
                "passes the product to those before it. That is all that backpropagation does."
            ),
            Steps(_steps(nodes, edges)),
            Figures(
                [
                    draw_panel(
                        "Forward: values",
                        "graph-forward",
                        f"The graph with its values; j is {result['value']:g}.",
                        partial(computation_graph, nodes, edges, backward=False),
                    ),
                    draw_panel(
                        "Backward: gradients, with the slopes",
                        "graph-backward",
                        f"The graph with the gradients of j: {gradients} for {names}.",
                        partial(computation_graph, nodes, edges, backward=True),
                    ),
                ]
            ),
            fold_table("Every variable", text_table(nodes, COLUMNS), unfolded=True),
        ],
        advice="change one input by 0.01 and compute j again: it must change by 0.01 times the "
        "gradient.",
        advice_last=True,
    )


def _steps(nodes: pd.DataFrame, edges: pd.DataFrame) -> list[str]:
    """Return the forward calculation, then the backward one, a step a line."""
    gradient = dict(zip(nodes["name"], nodes["gradient"], strict=True))
    made = nodes[nodes["level"] > 0]
    forward = [f"{n['name']} = {n['formula']} = {n['value']:g}" for n in rows(made)]
    last = nodes["name"].iloc[-1]
    backward = [
        f"∂{last}/∂{edge['source']} = ∂{last}/∂{edge['target']} · "
        f"∂{edge['target']}/∂{edge['source']} = {gradient[edge['target']]:g} · "
        f"{edge['slope']:g} = {gradient[edge['source']]:g}"
        for edge in reversed(rows(edges))
    ]
    return [*forward, *backward]
