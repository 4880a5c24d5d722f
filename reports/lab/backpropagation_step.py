"""The section on the 2-1-1 network, number by number."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from volcast.reports.blocks import Paragraph, fold_table
from volcast.reports.lab.formatting import exact
from volcast.reports.lab.records import groups, rows
from volcast.reports.section import Section
from volcast.reports.text_tables import Column, TextTable, sentence_case, text_table

COLUMNS = [
    Column("symbol", "Number"),
    Column("formula", "Formula"),
    Column("numbers", "With the numbers"),
    Column("value", "Value", exact),
]
NAMES = {
    "before": "Loss before",
    "delta": "∂L/∂z₂",
    "w11": "w₁₁ after",
    "w12": "w₁₂ after",
    "b1": "b₁ after",
    "w2": "w₂ after",
    "b2": "b₂ after",
    "after": "Loss after",
}


def build_section(tables: Mapping[str, pd.DataFrame]) -> Section:
    """Return the section of the tables of `volcast.models.lab.backpropagation_step`."""
    steps, losses = tables["steps"], tables["losses"]
    first = rows(losses)[0]
    return Section(
        name="by-hand",
        title="A network by hand",
        sentence="Two inputs, one hidden sigmoid neuron, one output: a single step of descent "
        f"takes the loss from {first['before']:.6f} to {first['after']:.6f}.",
        blocks=[
            Paragraph(
                f"The inputs are x = {_setting(tables, 'x')}, the target y = "
                f"{_setting(tables, 'y')}, the weights w₁ = {_setting(tables, 'w1')} and w₂ = "
                f"{_setting(tables, 'w2')}, the biases {_setting(tables, 'b')} and the learning "
                f"rate r = {_setting(tables, 'r')}. The forward pass keeps each sum z and each "
                "activation a, because the backward pass needs them again. Every number is given "
                "with all digits of double precision, so that you can check it by hand."
            ),
            Paragraph(
                "Textbooks differ in the loss. Half the squared error halves every gradient; with "
                "cross-entropy the slope of the sigmoid cancels, ∂L/∂z₂ is a₂ - y, and the same "
                "step is longer."
            ),
            *(
                fold_table(sentence_case(name), text_table(part, COLUMNS), unfolded=True)
                for name, part in groups(steps, "pass")
            ),
            fold_table("The same step with other losses", _by_loss(losses), unfolded=True),
        ],
        advice="with a sigmoid output, use cross-entropy: a confident wrong answer then has a "
        "large gradient instead of almost none.",
        advice_last=True,
    )


def _setting(tables: Mapping[str, pd.DataFrame], name: str) -> str:
    return str(tables["settings"].set_index("name").loc[name, "text"])


def _by_loss(losses: pd.DataFrame) -> TextTable:
    """Return a row a number and a column a loss."""
    turned = losses.set_index("loss").rename(columns=NAMES).T.reset_index(names="number")
    columns = [Column(name, name, exact) for name in losses["loss"]]
    return text_table(turned, [Column("number", "Number"), *columns])
