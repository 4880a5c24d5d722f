"""Training: how the loss fell in each fold, and the settings of the network.

Computed from the training curves. Shows both losses by epoch, the settings, and the verdict on each
fold.
"""

import pandas as pd
from matplotlib.axes import Axes

from volcast.reports.blocks import Aside, Definitions, Figures, Panel, Paragraph, fold_table
from volcast.reports.diagnosis.curves import VERDICT_COLUMNS
from volcast.reports.figure_panels import draw_panel
from volcast.reports.figures.training import LABEL_OF_LOSS, curves_by_fold, training_curves
from volcast.reports.run.inputs import ReportInputs
from volcast.reports.section import Section
from volcast.reports.text_tables import text_table
from volcast.reports.training.curve_verdicts import judge_folds, summarise_verdicts

FOLDS_SHOWN = 6  # a longer table of verdicts is folded


def build_section(inputs: ReportInputs) -> Section:
    """Return the section on the training curves."""
    judged = judge_folds(inputs.history, inputs.max_epochs)
    settings = Aside("Settings", [Definitions(inputs.settings)]) if inputs.settings else None
    panels = _panels(inputs.history)
    table = text_table(judged, VERDICT_COLUMNS)
    unfolded = len(judged) <= FOLDS_SHOWN
    folds = [fold_table("Verdict on each fold", table, unfolded=unfolded)] if panels else []
    return Section(
        name="training",
        title="Training",
        blocks=[Paragraph(summarise_verdicts(judged)), Figures(panels, settings), *folds],
    )


def _panels(history: pd.DataFrame) -> list[Panel]:
    return [_panel(history, loss) for loss in LABEL_OF_LOSS] if len(history) else []


def _panel(history: pd.DataFrame, loss: str) -> Panel:
    curves = curves_by_fold(history, loss)
    alt = (
        f"{LABEL_OF_LOSS[loss]} of {curves.shape[1]} folds by epoch, as a share of the HAR start; "
        f"the median of the lowest points is {curves.min().median():.3f}."
    )

    def draw(axes: Axes) -> Axes:
        return training_curves(curves, axes, loss=loss)

    return draw_panel(LABEL_OF_LOSS[loss], f"training-{loss}", alt, draw)
