"""The learning-rate finder.

Computed from a sweep of the learning rate over many networks. Shows the loss by rate, the
suggested rate, and whether the configured one is near it.
"""

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes

from volcast.reports.blocks import Figures, Panel, Paragraph, fold_table
from volcast.reports.figures.rate_sweep import rate_sweep
from volcast.reports.figures.render import figure_svg
from volcast.reports.section import Section
from volcast.reports.text_tables import Column, text_table

NEAR = 3.0  # a rate within this factor of the suggestion does as well
RATE_COLUMNS = [
    Column("member", "Member", "d"),
    Column("steepest", "Steepest descent", ".2g"),
    Column("diverging", "Diverges at", ".2g"),
    Column("suggested", "Suggested", ".2g"),
]


def suggested_rate(members: pd.DataFrame) -> float:
    """Return the median suggestion of the members of a sweep, to two digits."""
    return float(f"{members['suggested'].median():.2g}")


def build_rates_section(tables: Mapping[str, pd.DataFrame], configured: float) -> Section:
    """Return the section on a sweep of the learning rate.

    Parameters
    ----------
    tables
        The tables of `volcast.models.diagnose.rate_finder.RateSweep`.
    configured
        The learning rate in the settings.
    """
    curve, members = tables["curve"], tables["members"]
    rate = suggested_rate(members)
    low, high = (float(members["suggested"].quantile(q)) for q in (0.25, 0.75))
    diverging = members["diverging"].median()
    end = f" and diverges at {diverging:.2g}" if pd.notna(diverging) else " and never diverges"
    sentence = (
        f"The loss falls fastest at a learning rate of {rate:.2g} (half of {len(members)} networks "
        f"between {low:.2g} and {high:.2g}){end}; the configured rate is {configured:.2g}."
    )
    near = rate / NEAR <= configured <= rate * NEAR
    advice = (
        f"Keep {configured:.2g}: rates within a factor of three of the suggestion are as good."
        if near
        else f"Set model.learning_rate = {rate:.2g}, or run `volcast lr-find --apply`."
    )

    def draw(axes: Axes) -> Axes:
        return rate_sweep(curve, (low, rate, high), configured, axes)

    return Section(
        name="rates",
        title="Learning-rate finder",
        sentence=sentence,
        blocks=[
            Figures([Panel("One sweep of the rate", figure_svg(draw, name="rates", alt=sentence))]),
            fold_table("Each network", text_table(members, RATE_COLUMNS)),
            Paragraph(
                "The rate grows by a constant factor each step. Each batch's loss is compared with "
                "that of the untrained network on the same rows, which removes the noise of the "
                "batch. The line is the median of networks with different seeds and orders of "
                "rows, the band covers their middle half.",
                style="note",
            ),
        ],
        advice=advice,
    )
