"""Optimizers, batch sizes or learning rates compared.

Computed from networks trained with each setting. Shows the loss curves, and a table with tests
against the best setting and the cost of training.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from scipy import stats

from volcast.reports.blocks import Figures, Panel, Paragraph, fold_table
from volcast.reports.figures.comparison import trial_curves
from volcast.reports.figures.render import figure_svg
from volcast.reports.section import Section
from volcast.reports.text_tables import Column, p_value, text_table

LEVEL = 0.05
TRIAL_COLUMNS = [
    Column("trial", "Setting"),
    Column("best_epoch", "Best epoch", ".0f"),
    Column("epochs", "Epochs", ".0f"),
    Column("diverged", "Diverged", ".0%"),
    Column("validation", "Validation loss", ".4f"),
    Column("spread", "Seed spread", ".4f"),
    Column("ratio", "Later rows, ratio to HAR", ".4f"),
    Column("p_value", "p against the best", p_value),
    Column("ms_per_epoch", "ms per epoch", ".2f"),
    Column("seconds_to_best", "Seconds to the best epoch", ".3f"),
]


@dataclass(frozen=True)
class Kind:
    """What is compared: names for the page, whether the trials have an order, how it was done."""

    name: str
    title: str
    thing: str
    ordered: bool
    method: str


KINDS = {
    "optimizers": Kind(
        "optimizers",
        "Optimizers",
        "optimizer",
        False,
        "Each optimizer at its own best of five rates, by the validation loss.",
    ),
    "batch-sizes": Kind(
        "batch-sizes", "Batch sizes", "batch size", True, "All at the configured learning rate."
    ),
    "learning-rates": Kind(
        "learning-rates", "Learning rates", "learning rate", True, "All at the configured batches."
    ),
}


def build_comparison_table(outcomes: pd.DataFrame, together: pd.DataFrame) -> pd.DataFrame:
    """Return one row a trial: means over the networks, seed spread, test against the best, cost.

    Parameters
    ----------
    outcomes
        One row a trial and network: `trial, best_epoch, epochs, diverged, validation, ratio`.
    together
        One row a trial: `trial, ms_per_epoch`.

    Returns
    -------
    DataFrame
        `trial, best_epoch, epochs, diverged, validation, ratio, spread, p_value, ms_per_epoch,
        seconds_to_best`. `p_value` is that of Welch's test of the networks' validation losses
        against those of the trial with the lowest mean.
    """
    names = list(dict.fromkeys(outcomes["trial"]))
    found = outcomes.groupby("trial", sort=False)
    columns = ["best_epoch", "epochs", "diverged", "validation", "ratio"]
    table = found[columns].mean()
    table["spread"] = found["validation"].std()
    losses = {str(name): part["validation"].to_numpy(np.float64) for name, part in found}
    best = losses[str(table["validation"].idxmin())]
    table["p_value"] = [
        1.0 if losses[name] is best else _welch(losses[name], best) for name in names
    ]
    table["ms_per_epoch"] = together.set_index("trial")["ms_per_epoch"]
    table["seconds_to_best"] = table["ms_per_epoch"] * table["best_epoch"] / 1000
    return table.reset_index()


def _welch(one: np.ndarray, other: np.ndarray) -> float:
    if not (np.ptp(one) or np.ptp(other)):
        return float(np.array_equal(one, other))
    return float(stats.ttest_ind(one, other, equal_var=False).pvalue)


def build_comparison_section(
    name: str, trials: Mapping[str, pd.DataFrame], configured: str
) -> Section:
    """Return the section on a comparison of settings.

    Parameters
    ----------
    name
        A name in `KINDS`.
    trials
        The tables of `volcast.models.diagnose.hyperparameter_trials.Trials`, by attribute.
    configured
        Beginning of the name of the configured setting's trial.
    """
    kind = KINDS[name]
    table = build_comparison_table(trials["outcomes"], trials["together"])
    best = table.iloc[int(table["validation"].argmin())]
    equal = table[table["p_value"] > LEVEL]
    worst = table.iloc[int(table["validation"].argmax())]
    sentence = (
        f"{best['trial'].capitalize()} has the lowest validation loss, {best['validation']:.3f} of "
        f"HAR's (on later rows {best['ratio']:.3f}); {len(equal) - 1} of {len(table) - 1} others "
        f"are not distinguishable from it. The worst is {worst['trial']} with "
        f"{worst['validation']:.3f}."
    )

    def panel(loss: str, title: str) -> Panel:
        def draw(axes: Axes) -> Axes:
            return trial_curves(trials["curves"], axes, ordered=kind.ordered, loss=loss)

        svg = figure_svg(draw, name=f"{kind.name}-{loss}", alt=f"{title} by {kind.thing}.")
        return Panel(title, svg)

    return Section(
        name=kind.name,
        title=kind.title,
        sentence=sentence,
        blocks=[
            Figures([panel("val_loss", "Validation loss"), panel("train_loss", "Train loss")]),
            fold_table(f"Every {kind.thing}", text_table(table, TRIAL_COLUMNS)),
            Paragraph(
                f"{kind.method} Thick: the median of networks that differ by their seed; bands: "
                "their middle half. Milliseconds are wall-clock time per network while eight train "
                "at once.",
                style="note",
            ),
        ],
        advice=_advice(equal, configured),
    )


build_optimizers_section = partial(build_comparison_section, "optimizers")
build_batch_sizes_section = partial(build_comparison_section, "batch-sizes")
build_learning_rates_section = partial(build_comparison_section, "learning-rates")


def _advice(equal: pd.DataFrame, configured: str) -> str:
    fastest = equal.iloc[int(equal["seconds_to_best"].argmin())]
    current = equal[equal["trial"].str.startswith(configured)]
    seconds = f"{fastest['seconds_to_best']:.2g} s per network"
    if current.empty:
        return f"Use {fastest['trial']}: it is the fastest of those as good as the best, {seconds}."
    own = current.iloc[0]
    if own["trial"] == fastest["trial"]:
        return f"Keep {own['trial']}: no setting is better, and none that is as good is faster."
    return (
        f"Keep {own['trial']}: no setting is better; {fastest['trial']} is as good in less time, "
        f"{seconds} against {own['seconds_to_best']:.2g}."
    )
