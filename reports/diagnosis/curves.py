"""Training curves of a run.

Computed from the training history. Shows the losses of all networks, the curves by fold, and the
verdict on each fold.
"""

import pandas as pd
from matplotlib.axes import Axes

from volcast.reports.blocks import Figures, Panel, Paragraph, fold_table
from volcast.reports.figures.curve_bands import curve_bands, draw_curve_bands
from volcast.reports.figures.render import figure_svg
from volcast.reports.figures.training import LABEL_OF_LOSS, curves_by_fold, training_curves
from volcast.reports.section import Section
from volcast.reports.text_tables import Column, text_table
from volcast.reports.training.curve_verdicts import (
    advise_on_training,
    judge_folds,
    summarise_verdicts,
)

VERDICT_COLUMNS = [
    Column("fold", "Fold", "d"),
    Column("verdict", "Verdict"),
    Column("best_epoch", "Best epoch", "d"),
    Column("epochs", "Epochs", "d"),
    Column("gain_vs_har_pct", "Gain over HAR (%)", ".1f"),
    Column("rise_from_best_pct", "Rise since best (%)", ".1f"),
    Column("noise_pct", "Noise (%)", ".2f"),
    Column("learning_rate", "Learning rate", ".2g"),
    Column("words", "Explanation", wraps=True),
]


def build_curves_section(history: pd.DataFrame, max_epochs: int) -> Section:
    """Return the section on the training curves.

    Parameters
    ----------
    history
        The training history of docs/tables.md, all folds and members.
    max_epochs
        The maximum number of epochs in the settings.
    """
    table = judge_folds(history, max_epochs)
    bands = curve_bands(history)
    lowest = history.loc[history.groupby(["fold", "member"])["val_loss"].idxmin(), "epoch"]
    folds = curves_by_fold(history, "val_loss")

    def draw_bands(axes: Axes) -> Axes:
        return draw_curve_bands(bands, lowest, axes)

    def draw_folds(axes: Axes) -> Axes:
        return training_curves(folds, axes, loss="val_loss")

    members = len(lowest)
    alt = f"Train and validation loss of {members} members; bands: 10th to 90th percentile."
    return Section(
        name="curves",
        title="Training curves",
        sentence=summarise_verdicts(table),
        blocks=[
            Figures(
                [
                    Panel(
                        f"All {members} networks",
                        figure_svg(draw_bands, name="curves-all", alt=alt),
                    ),
                    Panel(
                        f"{LABEL_OF_LOSS['val_loss']}, fold by fold",
                        figure_svg(
                            draw_folds, name="curves-folds", alt="Validation loss of each fold."
                        ),
                    ),
                ]
            ),
            fold_table("Verdict on each fold", text_table(table, VERDICT_COLUMNS)),
            Paragraph(
                "Bands contain four fifths of the networks. Every number is a share of the loss of "
                "the untrained network, which is HAR; noise is the robust scale of epoch-to-epoch "
                "changes.",
                style="note",
            ),
        ],
        advice=advise_on_training(table),
    )
