"""The map of learning rate and batch size.

Computed from networks trained at every pair of both. Shows the best cell, the cells that are
equally good, the best rate by batch size, and the cost of an epoch.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from volcast.reports.blocks import Figures, Panel, Paragraph, fold_table
from volcast.reports.figures.render import figure_svg
from volcast.reports.figures.settings_map import epoch_cost, settings_map
from volcast.reports.section import Section
from volcast.reports.text_tables import Column, p_value, text_table
from volcast.reports.training.settings_map import Judgement, judge

MAP_COLUMNS = [
    Column("learning_rate", "Learning rate", ".2g"),
    Column("batch_size", "Batch size", "d"),
    Column("mean", "Ratio to HAR", ".4f"),
    Column("later", "Later rows alone", ".4f"),
    Column("spread", "Seed spread", ".4f"),
    Column("p_value", "p against the best", p_value),
    Column("equal", "Equal", lambda equal: "yes" if equal else "no"),
    Column("ratio_together", "Mean of the networks", ".4f"),
    Column("ms_per_epoch", "ms per epoch", ".2f"),
]
LINEAR, ROOT = 1.0, 0.5


def build_map_section(tables: Mapping[str, pd.DataFrame], configured: tuple[float, int]) -> Section:
    """Return the section on a map of settings.

    Parameters
    ----------
    tables
        The tables of `volcast.models.diagnose.settings_map.SettingsMap`.
    configured
        The learning rate and the batch size in the settings.
    """
    judged = judge(tables["seeds"], tables["cells"])
    best = judged.best
    equals = int(judged.cells["equal"].sum())
    others = len(judged.cells) - 1
    sentence = (
        f"The best cell has a learning rate of {best['learning_rate']:.2g} with batches of "
        f"{best['batch_size']:.0f}: on rows not trained on, QLIKE is {best['mean']:.3f} of HAR's, "
        f"with a seed spread of {best['spread']:.3f}; {equals - 1} of {others} other cells are "
        f"not distinguishable from it. {_describe_ridge(judged)}"
    )

    def draw_map(axes: Axes) -> Axes:
        return settings_map(judged.cells, judged.ridge, configured, axes)

    def draw_cost(axes: Axes) -> Axes:
        return epoch_cost(judged.cells, axes)

    ordered = judged.cells.sort_values("mean", ignore_index=True)
    return Section(
        name="map",
        title="Learning rate and batch size",
        sentence=sentence,
        blocks=[
            Figures(
                [
                    Panel(
                        "QLIKE of rows not trained on, ratio to HAR",
                        figure_svg(draw_map, name="map", alt=sentence, height_px=330),
                    ),
                    Panel(
                        "Cost of an epoch",
                        figure_svg(
                            draw_cost, name="map-cost", alt="Milliseconds per epoch by batch size"
                        ),
                    ),
                ]
            ),
            fold_table("All cells, best first", text_table(ordered, MAP_COLUMNS)),
            Paragraph(
                "Each number is the mean of single networks with different seeds, over all "
                "horizons, half on the rows used for early stopping and half on later rows, all "
                "before the first tested session. Frame: the best cell. Dots: cells not "
                "distinguishable from it (within the spread of seeds, or by Welch's test with "
                "Holm's correction at 5 %); the test covers other seeds, not other periods. "
                "Diamond: the configured cell. Line: the best rate of each batch size.",
                style="note",
            ),
        ],
        advice=_advice(judged, configured),
    )


def _describe_ridge(judged: Judgement) -> str:
    if np.isnan(judged.slope):
        return (
            "The best rate is at the edge of the map for most batch sizes, so no scaling is "
            "estimated."
        )
    rules = {"linear scaling": LINEAR, "the square-root rule": ROOT}
    near = [n for n, x in rules.items() if abs(judged.slope - x) <= 2 * judged.slope_error]
    verdict = f"as {near[0]} predicts" if near else "which is neither"
    return (
        f"The best rate grows with the batch size to the power of {judged.slope:.2f} ± "
        f"{judged.slope_error:.2f} (1 is linear scaling, 0.5 the square-root rule), {verdict}."
    )


def _advice(judged: Judgement, configured: tuple[float, int]) -> str:
    best = judged.best
    change = (
        f"set model.learning_rate = {best['learning_rate']:.2g} and model.batch_size = "
        f"{best['batch_size']:.0f}"
    )
    cells = judged.cells
    current = cells[
        np.isclose(cells["learning_rate"], configured[0]) & (cells["batch_size"] == configured[1])
    ]
    if current.empty:
        return f"{change[0].upper()}{change[1:]}; the configured cell is not on the map."
    own = f"a learning rate of {configured[0]:.2g} with batches of {configured[1]}"
    if bool(current["equal"].iloc[0]):
        return f"Keep {own}: it is not distinguishable from the best."
    gap = 100 * (float(current["mean"].iloc[0]) / float(best["mean"]) - 1)
    return f"{change[0].upper()}{change[1:]}: {own} is {gap:.1f} % worse."
