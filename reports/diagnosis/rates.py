"""What a sweep of the learning rate says, and which rate it suggests."""

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
    Column("diverging", "Breaks at", ".2g"),
    Column("suggested", "Suggested", ".2g"),
]


def suggested_rate(members: pd.DataFrame) -> float:
    """Return the median suggestion of the members of a sweep, to two digits."""
    return float(f"{members['suggested'].median():.2g}")


def build_rates_section(tables: Mapping[str, pd.DataFrame], configured: float) -> Section:
    """Return the finding on the two tables of `volcast.models.diagnose.rate_finder.RateSweep`."""
    curve, members = tables["curve"], tables["members"]
    rate = suggested_rate(members)
    low, high = (float(members["suggested"].quantile(q)) for q in (0.25, 0.75))
    breaks = members["diverging"].median()
    broken = f" and breaks at {breaks:.2g}" if pd.notna(breaks) else " and never breaks"
    sentence = (
        f"The loss falls fastest at a learning rate of {rate:.2g} (half of {len(members)} networks "
        f"between {low:.2g} and {high:.2g}){broken}; the configured rate is {configured:.2g}."
    )
    near = rate / NEAR <= configured <= rate * NEAR
    advice = (
        f"Keep {configured:.2g}: rates within a factor of three of the suggestion train as well."
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
                "The rate grows by the same factor each step. Each batch's loss is compared with "
                "the untrained network's on the same rows, which takes the noise of the batch "
                "away; the line is the median of networks with their own seeds and orders, the "
                "band their middle half.",
                style="note",
            ),
        ],
        advice=advice,
    )
