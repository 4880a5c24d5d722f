"""The section on logistic regression, the network of one neuron."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import pandas as pd

from volcast.reports.blocks import Figures, Paragraph, fold_table
from volcast.reports.figure_panels import draw_panel
from volcast.reports.lab.figures.curves import loss_curves
from volcast.reports.lab.figures.regions import decision_regions
from volcast.reports.lab.records import rows
from volcast.reports.section import Section
from volcast.reports.text_tables import Column, text_table

COLUMNS = [
    Column("name", "Parameter"),
    Column("descent", "By descent", ".10f"),
    Column("newton", "By Newton's method", ".10f"),
    Column("difference", "Difference", ".1e"),
]


def build_section(tables: Mapping[str, pd.DataFrame]) -> Section:
    """Return the section of the tables of `volcast.models.lab.logistic_regression`."""
    weights, history = tables["weights"], tables["history"]
    summary = rows(tables["summary"])[0]
    differences = weights.assign(difference=(weights["descent"] - weights["newton"]).abs())
    curves = {"descent": history["train_loss"], "lowest possible": history["lowest"]}
    return Section(
        name="logistic",
        title="One neuron: logistic regression",
        sentence=f"One sigmoid neuron with cross-entropy classifies {summary['accuracy']:.0%} of "
        "the rows correctly, with the weights that Newton's method finds: they differ by "
        f"{differences['difference'].max():.0e} at most.",
        blocks=[
            Paragraph(
                "A network of one sigmoid neuron is logistic regression. Its loss has a single "
                "minimum, so descent must arrive where any other method does. The rows that it "
                "gets wrong lie in the other cloud, where no straight line can separate them."
            ),
            Figures(
                [
                    draw_panel(
                        "The decision boundary",
                        "logistic-regions",
                        f"Two clouds, separated by a line; {1 - summary['accuracy']:.0%} of rows "
                        "lie on the wrong side.",
                        partial(decision_regions, tables["regions"], tables["points"]),
                        height_px=360,
                    ),
                    draw_panel(
                        "Loss by epoch",
                        "logistic-loss",
                        f"The loss falls to {summary['loss']:.6f}; the lowest is "
                        f"{summary['lowest_loss']:.6f}.",
                        partial(loss_curves, curves, loss="Loss (binary cross-entropy, nats)"),
                        height_px=300,
                    ),
                ]
            ),
            fold_table("Weights by both methods", text_table(differences, COLUMNS)),
        ],
        advice="begin with the model of one neuron: a network with hidden layers must beat it "
        "first, as volcast's must beat HAR.",
        advice_last=True,
    )
