"""The section on batch, mini-batch and stochastic descent."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import pandas as pd

from volcast.reports.blocks import Figures, Panel, Paragraph, fold_table
from volcast.reports.figure_panels import draw_panel
from volcast.reports.lab.figures.curves import batch_size_curves
from volcast.reports.lab.figures.surfaces import contour
from volcast.reports.lab.formatting import listed
from volcast.reports.lab.records import rows
from volcast.reports.section import Section
from volcast.reports.text_tables import Column, text_table

COLUMNS = [
    Column("batch_size", "Batch size (rows)", "d"),
    Column("steps_an_epoch", "Steps per epoch", "d"),
    Column("epochs", "Epochs", "d"),
    Column("median", "Loss at the end, median", ".4f"),
    Column("min", "lowest seed", ".4f"),
    Column("max", "highest seed", ".4f"),
]


def build_section(tables: Mapping[str, pd.DataFrame]) -> Section:
    """Return the section of the tables of `volcast.models.lab.batch_sizes`."""
    paths, sizes = tables["paths"], tables["sizes"]
    ways = paths.drop_duplicates("way")
    named = [f"{r['way']} ({r['batch_size']} per step)" for r in rows(ways)]
    return Section(
        name="batches",
        title="Batch, mini-batch, stochastic",
        sentence=_sentence(sizes),
        blocks=[
            Paragraph(
                f"The same straight line is fitted in three ways: {listed(named)}. Each takes "
                f"{paths['step'].max()} steps at one rate. All rows give the true slope and a "
                "smooth path; a single row gives an estimate of it and a noisy path that does not "
                "converge, for a fraction of the work of a step."
            ),
            Paragraph(
                "By step, batch sizes hardly differ. By epoch, a small batch takes more steps with "
                "the same rows and gets further; a large batch needs a larger rate to keep up."
            ),
            Figures(_panels(tables)),
            fold_table("Batch sizes", text_table(sizes, COLUMNS)),
            Paragraph(
                "Vanilla descent at one rate for all batch sizes, on a network of one hidden "
                "layer; lines are medians over seeds, bands their range.",
                style="note",
            ),
        ],
        advice="if you multiply the batch size, multiply the learning rate by the same factor, "
        "and check that the loss still falls steadily.",
        advice_last=True,
    )


def _panels(tables: Mapping[str, pd.DataFrame]) -> list[Panel]:
    paths, curves, sizes = tables["paths"], tables["curves"], tables["sizes"]
    ways = listed(list(paths["way"].unique()))
    ends = listed([f"{r['batch_size']} rows {r['median']:.3f}" for r in rows(sizes)])
    return [
        draw_panel(
            "Three paths on one loss",
            "batches-paths",
            f"Contours of the loss by weight and bias, with the paths of {ways}.",
            partial(contour, tables["surface"], paths, names=("Weight", "Bias"), by="way"),
            height_px=320,
        ),
        draw_panel(
            "Loss by epoch",
            "batches-epochs",
            f"Training loss by epoch and batch size; after the last epoch {ends}.",
            partial(batch_size_curves, curves, along="epoch", unit="Epoch"),
            height_px=300,
        ),
        draw_panel(
            "Loss by step",
            "batches-steps",
            "The same training losses by step: the lines nearly coincide.",
            partial(batch_size_curves, curves, along="steps", unit="Step (log scale)"),
            height_px=300,
        ),
    ]


def _sentence(sizes: pd.DataFrame) -> str:
    parts = [
        f"{r['median']:.3f} with {r['batch_size']} rows per step ({r['steps_an_epoch']} per epoch)"
        for r in rows(sizes)
    ]
    return f"At one rate, {sizes['epochs'].iloc[0]} epochs end at a loss of {listed(parts)}."
