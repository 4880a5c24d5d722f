"""The section on one dimension: what the learning rate does to f(x) = x²."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import pandas as pd

from volcast.reports.blocks import Figures, Paragraph, fold_table
from volcast.reports.figure_panels import draw_panel
from volcast.reports.lab.figures.descent import distance_left, points_on_parabola
from volcast.reports.lab.formatting import listed, numbers
from volcast.reports.lab.records import groups
from volcast.reports.section import Section
from volcast.reports.text_tables import Column, text_table

COLUMNS = [
    Column("start", "Start", "g"),
    Column("rate", "Rate", "g"),
    Column("factor", "Factor per step", "+.2f"),
    Column("x_1", "x after 1 step", ".4g"),
    Column("x_2", "after 2", ".4g"),
    Column("x_10", "after 10", ".4g"),
    Column("x_50", "after 50", ".4g"),
    Column("value", "f(x) then", ".4g"),
    Column("steps", "Steps to 1 % of the start", ".0f"),
    Column("verdict", "Verdict"),
]


def build_section(tables: Mapping[str, pd.DataFrame]) -> Section:
    """Return the section of the tables of `volcast.models.lab.gradient_descent`."""
    paths, outcomes = tables["paths"], tables["outcomes"]
    starts = list(outcomes["start"].unique())
    return Section(
        name="descent",
        title="One dimension",
        sentence=f"On f(x) = x², {paths['step'].max()} steps from {numbers(starts)}: "
        f"descent {_verdicts(outcomes)}.",
        blocks=[
            Paragraph(
                "Gradient descent uses only the local slope: x becomes x minus the learning rate r "
                "times the slope. The slope here is 2x, so each step multiplies x by 1 - 2r. While "
                "the absolute value of that factor is below one, x converges to the minimum; a "
                "negative factor jumps across it; above one, every step ends further away than it "
                "began. The start scales the path and changes nothing else."
            ),
            Figures(
                [
                    draw_panel(
                        f"The points on the curve, from {starts[-1]:g}",
                        "descent-points",
                        "Points of descent on the parabola for each learning rate, "
                        f"from x = {starts[-1]:g}; {_verdicts(outcomes)}.",
                        partial(points_on_parabola, _select_path(paths, starts[-1])),
                    ),
                    *(
                        draw_panel(
                            f"Distance left, from {start:g}",
                            f"descent-distance-{number}",
                            f"Distance from the minimum by step and rate, from x = {start:g}.",
                            partial(distance_left, _select_path(paths, start)),
                        )
                        for number, start in enumerate(starts)
                    ),
                ]
            ),
            fold_table("Every start and rate", text_table(outcomes, COLUMNS), unfolded=True),
        ],
        advice="if a loss grows from step to step, halve the learning rate; if it falls steadily "
        "but slowly, double it.",
        advice_last=True,
    )


def _select_path(paths: pd.DataFrame, start: float) -> pd.DataFrame:
    return paths[paths["start"] == start]


def _verdicts(outcomes: pd.DataFrame) -> str:
    """Return the rates by verdict; they are the same from every start."""
    verdicts = groups(outcomes.drop_duplicates(["rate", "verdict"]), "verdict")
    texts = {"slow": "was slow", "converged": "converged", "diverged": "diverged"}
    return listed([f"{texts[v]} at rate {numbers(list(part['rate']))}" for v, part in verdicts])
