"""The section on three classes by softmax."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import pandas as pd

from volcast.reports.blocks import Figures, Paragraph, fold_table
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
    history, points = tables["history"], tables["points"]
    summary = rows(tables["summary"])[0]
    best, epochs = int(summary["best_epoch"]), int(summary["epochs"])
    losses = {"training": history["train_loss"], "validation": history["val_loss"]}
    return Section(
        name="classes",
        title="Three classes: softmax",
        sentence=f"On a spiral of three arms, {summary['val_accuracy']:.1%} of the rows held out "
        f"are right; training stopped after epoch {epochs}, and the weights of epoch {best} were "
        "restored.",
        blocks=[
            Paragraph(
                "Softmax turns one sum a class into probabilities that add up to one. With "
                "categorical cross-entropy the chain rule leaves something simple: the gradient "
                "with respect to the sums is p - y, what was given less what was right."
            ),
            Paragraph(
                "The training loss goes on falling after the validation loss has ceased to. Early "
                "stopping waits for its patience, then takes the weights of the best epoch back."
            ),
            Figures(
                [
                    draw_panel(
                        "What the network decides where",
                        "classes-regions",
                        f"Three interleaved spiral regions; of {len(points)} rows held out "
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
            ),
            fold_table(f"Every {EVERY} epochs", text_table(history.iloc[::EVERY], COLUMNS)),
        ],
        advice="always hold rows out, and keep the weights of the best epoch, not of the last.",
        advice_last=True,
    )
