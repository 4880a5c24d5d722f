"""The section on vanishing gradients."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import pandas as pd

from volcast.reports.blocks import Figures, Paragraph, fold_table
from volcast.reports.figure_panels import draw_panel
from volcast.reports.lab.figures.curves import gradient_left
from volcast.reports.lab.records import groups
from volcast.reports.section import Section
from volcast.reports.text_tables import Column, text_table


def build_section(tables: Mapping[str, pd.DataFrame]) -> Section:
    """Return the section of the tables of `volcast.models.lab.vanishing_gradients`."""
    table = tables["gradients"]
    deepest = table[table["depth"] == table["depth"].max()].set_index("activation")
    left = {str(name): float(value) for name, value in deepest["left"].items()}
    slope, bound = table["bound"].max(), deepest["bound"].iloc[0]
    return Section(
        name="vanishing",
        title="Vanishing gradients",
        sentence=f"Through {table['depth'].max()} layers, {left['sigmoid']:.0e} of a gradient is "
        f"left with sigmoid, {left['tanh']:.0%} with tanh and {left['relu']:.0%} with ReLU; "
        f"{slope:g}ⁿ predicts {bound:.0e}.",
        blocks=[
            Paragraph(
                "In the backward pass, each layer multiplies by the slope of its activation. The "
                f"sigmoid's slope is at most {slope:g}, so n layers leave at most {slope:g}ⁿ, "
                "times the effect of the weights. The slope of tanh is one at zero, and that of "
                "ReLU is one for all positive inputs; with suitable initial weights the gradient "
                "keeps its size."
            ),
            Figures(
                [
                    draw_panel(
                        "Remaining share of the gradient",
                        "vanishing",
                        "Share of the gradient that reaches the inputs by depth: sigmoid follows "
                        f"the prediction, {left['sigmoid']:.0e}, tanh and ReLU stay near one.",
                        partial(gradient_left, table),
                        height_px=320,
                    )
                ]
            ),
            fold_table("Every depth", text_table(_wide(table), _columns(table))),
            Paragraph(
                "Norm of the gradient at the inputs over that at the output, median and range over "
                "draws of the weights: Glorot for sigmoid and tanh, He for ReLU.",
                style="note",
            ),
        ],
        advice="for more than two or three layers use ReLU or swish with He weights, and a "
        "sigmoid at the output only.",
        advice_last=True,
    )


def _wide(table: pd.DataFrame) -> pd.DataFrame:
    """Return a row a depth, a column an activation, and the bound."""
    wide = table.pivot(index="depth", columns="activation", values="left")
    return wide.assign(bound=table.groupby("depth")["bound"].first()).reset_index()


def _columns(table: pd.DataFrame) -> list[Column]:
    names = [name for name, _ in groups(table, "activation")]
    bound = Column("bound", f"{table['bound'].max():g}ⁿ", ".2e")
    return [Column("depth", "Depth", "d"), bound, *(Column(n, n, ".2e") for n in names)]
