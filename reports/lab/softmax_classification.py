"""The section on three classes by softmax."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import pandas as pd

from volcast.reports.blocks import Figures, Panel, Paragraph, fold_table
from volcast.reports.figure_panels import draw_panel
from volcast.reports.lab.figures.curves import loss_curves
from volcast.reports.lab.figures.regions import accuracy_curves, decision_regions
from volcast.reports.lab.records import rows
from volcast.reports.section import Section
from volcast.reports.text_tables import Column, text_table

COLUMNS = [
    Column("epoch", "Epoch", "d"),
    Column("train_loss", "Training loss", ".4f"),
    Column("val_loss", "Validation loss", ".4f"),
    Column("train_accuracy", "Training accuracy", ".1%"),
    Column("val_accuracy", "Validation accuracy", ".1%"),
]
EVERY = 10  # epochs; the table in full would be long


def build_section(tables: Mapping[str, pd.DataFrame]) -> Section:
    """Return the section of the tables of `volcast.models.lab.softmax_classification`."""
    history = tables["history"]
    summary = rows(tables["summary"])[0]
    best, epochs = int(summary["best_epoch"]), int(summary["epochs"])
    return Section(
        name="classes",
        title="Three classes: softmax",
        sentence=f"On a spiral of three arms, {summary['val_accuracy']:.1%} of the held-out rows "
        f"are classified correctly; training stopped after epoch {epochs}, and the weights of "
        f"epoch {best} were "
        "restored.",
        blocks=[
            Paragraph(
                "Softmax turns one sum for each class into probabilities that add up to one. With "
                "categorical cross-entropy the chain rule gives a simple result: the gradient with "
                "respect to the sums is p - y, the predicted minus the true probabilities."
            ),
            Paragraph(
                "The training loss continues to fall after the validation loss has stopped "
                "falling. Early stopping waits for the number of epochs set as its patience, then "
                "restores the weights of the best epoch."
            ),
            Figures(_panels(tables)),
            fold_table(f"Every {EVERY} epochs", text_table(history.iloc[::EVERY], COLUMNS)),
        ],
        advice="always hold out rows, and keep the weights of the best epoch rather than of the "
        "last.",
        advice_last=True,
    )


def _panels(tables: Mapping[str, pd.DataFrame]) -> list[Panel]:
    history, points = tables["history"], tables["points"]
    summary = rows(tables["summary"])[0]
    best = int(summary["best_epoch"])
    losses = {"training": history["train_loss"], "validation": history["val_loss"]}
    return [
        draw_panel(
            "Decision regions",
            "classes-regions",
            f"Three interleaved spiral regions; of {len(points)} held-out rows "
            f"{int((~points['right']).sum())} are wrong.",
            partial(decision_regions, tables["regions"], points),
            height_px=360,
        ),
        draw_panel(
            "Accuracy by epoch",
            "classes-accuracy",
            f"Training accuracy {summary['train_accuracy']:.1%}, validation "
            f"{summary['val_accuracy']:.1%} at the restored epoch {best}.",
            partial(accuracy_curves, history, best_epoch=best),
            height_px=300,
        ),
        draw_panel(
            "Loss by epoch",
            "classes-loss",
            f"Both losses by epoch; the validation loss is lowest in epoch {best}.",
            partial(loss_curves, losses, loss="Loss (categorical cross-entropy, nats)"),
            height_px=300,
        ),
    ]
