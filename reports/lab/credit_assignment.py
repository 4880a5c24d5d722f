"""The section on credit assignment."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import pandas as pd

from volcast.reports.blocks import Figures, Paragraph, fold_table
from volcast.reports.figure_panels import draw_panel
from volcast.reports.lab.figures.graphs import weighted_network
from volcast.reports.lab.records import rows
from volcast.reports.section import Section
from volcast.reports.text_tables import Column, text_table

WEIGHT_COLUMNS = [
    Column("name", "Connection"),
    Column("weight", "Weight", "+.4f"),
    Column("gradient", "Gradient", "+.5f"),
    Column("share", "Share of the gradient", ".1%"),
    Column("foretold", "Predicted fall", ".3e"),
    Column("fall", "Measured fall", ".3e"),
]
NEURON_COLUMNS = [
    Column("name", "Neuron"),
    Column("activation", "Activation", ".4f"),
    Column("delta", "Error signal, ∂L/∂z", "+.5f"),
]


def build_section(tables: Mapping[str, pd.DataFrame]) -> Section:
    """Return the section of the tables of `volcast.models.lab.credit_assignment`."""
    neurons, weights = tables["neurons"], tables["weights"]
    largest = rows(weights.nlargest(1, "share"))[0]
    last = weights[weights["layer"] == weights["layer"].max()]
    return Section(
        name="credit",
        title="Credit assignment",
        sentence=f"Of the total gradient, {largest['share']:.0%} is due to {largest['name']}; the "
        f"{len(last)} weights of the last layer account for {last['share'].sum():.0%}, the "
        f"{len(weights) - len(last)} before them {1 - last['share'].sum():.0%}.",
        blocks=[
            Paragraph(
                "Which weight contributes how much to the error? The gradient of a weight is the "
                "error signal of the neuron that it leads to, times the activation that it "
                "carries. The signal of a neuron is the sum of the signals of the neurons after "
                "it, each times the connecting weight, times the slope of its own activation: a "
                "neuron that was inactive, or had small weights, contributes little."
            ),
            Paragraph(
                "The gradient is a prediction: a small step of one weight alone should lower the "
                "loss by rate times gradient squared. The table compares this with the measured "
                "fall."
            ),
            Figures(
                [
                    draw_panel(
                        "Share of each weight in the gradient",
                        "credit-network",
                        f"A 2-3-1 network, connections as thick as their share; {largest['name']} "
                        f"has the largest, {largest['share']:.0%}.",
                        partial(weighted_network, neurons, weights),
                        height_px=300,
                    )
                ]
            ),
            fold_table("Every weight", text_table(weights, WEIGHT_COLUMNS)),
            fold_table("Every neuron", text_table(neurons, NEURON_COLUMNS)),
            Paragraph(
                "Thickness is the share of the sum of absolute gradients. Blue weights would lower "
                "the loss by growing, orange dashed ones by shrinking.",
                style="note",
            ),
        ],
        advice="scale the inputs equally: an input twice as large gets twice the gradient for "
        "the same error.",
        advice_last=True,
    )
