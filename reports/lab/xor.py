"""The section on XOR."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import pandas as pd

from volcast.reports.blocks import Figures, Panel, Paragraph, fold_table
from volcast.reports.figure_panels import draw_panel
from volcast.reports.lab.figures.curves import loss_curves
from volcast.reports.lab.figures.regions import decision_regions
from volcast.reports.lab.records import groups
from volcast.reports.section import Section
from volcast.reports.text_tables import Column, text_table

POINT_COLUMNS = [
    Column("x", "x₁", "g"),
    Column("y", "x₂", "g"),
    Column("class", "XOR", "d"),
    Column("probability", "Predicted probability", ".4f"),
]
SEED_COLUMNS = [
    Column("units", "Hidden neurons", "d"),
    Column("seed", "Seed", "d"),
    Column("right", "Correct rows (of 4)", "d"),
    Column("solved_at", "All correct from epoch", ".0f"),
]


def build_section(tables: Mapping[str, pd.DataFrame]) -> Section:
    """Return the section of the tables of `volcast.models.lab.xor`."""
    points, seeds = tables["points"], tables["seeds"]
    rows = len(points)
    hidden, alone = (part for _, part in groups(seeds, "units"))
    solved = int((hidden["right"] == rows).sum())
    return Section(
        name="xor",
        title="XOR",
        sentence=f"With {hidden['units'].iloc[0]} hidden neurons, {solved} of {len(hidden)} seeds "
        f"classify all {rows} rows correctly; a single neuron at most {alone['right'].max()}, from "
        "any seed.",
        blocks=[
            Paragraph(
                "XOR is one if exactly one of its inputs is one. No straight line separates the "
                "ones from the zeros, and a single neuron can only draw a straight line. Hidden "
                "neurons draw several, and the output neuron combines them."
            ),
            Figures(_panels(tables)),
            fold_table("The four rows", text_table(points, POINT_COLUMNS)),
            fold_table("Every seed", text_table(seeds, SEED_COLUMNS)),
        ],
        advice="if the training loss does not fall, more epochs will not help: add hidden "
        "neurons, or a feature that makes the classes linearly separable.",
        advice_last=True,
    )


def _panels(tables: Mapping[str, pd.DataFrame]) -> list[Panel]:
    points = tables["points"]
    curves = {
        f"{units} hidden" if units else "one neuron": part["train_loss"].reset_index(drop=True)
        for units, part in groups(tables["history"], "units")
    }
    return [
        draw_panel(
            "Decision regions",
            "xor-regions",
            f"Decision regions of the network; {int(points['right'].sum())} of {len(points)} "
            "rows lie in the region of their class.",
            partial(decision_regions, tables["regions"], points),
            height_px=360,
        ),
        draw_panel(
            "Loss with and without hidden neurons",
            "xor-loss",
            f"The loss ends at {curves[next(iter(curves))].iloc[-1]:.4f} with hidden "
            f"neurons and at {curves['one neuron'].iloc[-1]:.4f} without.",
            partial(loss_curves, curves, loss="Loss (binary cross-entropy, nats)"),
            height_px=300,
        ),
    ]
