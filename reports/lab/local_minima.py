"""The section on a surface that is not convex."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import pandas as pd

from volcast.reports.blocks import Figures, Panel, Paragraph, fold_table
from volcast.reports.figure_panels import draw_panel
from volcast.reports.lab.figures.surfaces import contour, surface
from volcast.reports.lab.formatting import listed
from volcast.reports.lab.records import rows
from volcast.reports.section import Section
from volcast.reports.text_tables import Column, sentence_case, text_table

PLACE_COLUMNS = [
    Column("kind", "Place", sentence_case),
    Column("x", "x", ".4f"),
    Column("y", "y", ".4f"),
    Column("value", "f(x, y)", ".4f"),
    Column("slope", "Size of the slope", ".1e"),
    Column("curvature_low", "Lowest curvature", "+.3f"),
    Column("curvature_high", "Highest curvature", "+.3f"),
]
PATH_COLUMNS = [
    Column("start", "Start", sentence_case),
    Column("name", "Rule", sentence_case),
    Column("moved", "Distance from the start", ".3f"),
    Column("value", "f at the end", ".4f"),
    Column("reached", "Ended in", sentence_case),
]


def build_section(tables: Mapping[str, pd.DataFrame]) -> Section:
    """Return the section of the tables of `volcast.models.lab.local_minima`."""
    outcomes = tables["outcomes"]
    return Section(
        name="wells",
        title="Saddle, minima and plateau",
        sentence=_sentence(outcomes, int(tables["paths"]["step"].max())),
        blocks=[
            Paragraph(
                "A network's loss has many minima, and between any two of them a saddle, where the "
                "slope is zero and the surface curves up in one direction and down in another. On "
                "a plateau there is hardly any slope, so a step in proportion to it hardly moves. "
                "Which minimum a path ends in depends on where it begins."
            ),
            Paragraph(
                "Rules that divide by the recent size of the gradient, RMSprop and Adam, take "
                "steps as long as their rate whatever the slope; momentum accumulates many small "
                "steps."
            ),
            Figures(_panels(tables)),
            fold_table(
                "Minima and saddle, by their curvatures",
                text_table(tables["places"], PLACE_COLUMNS),
            ),
            fold_table("Every path", text_table(outcomes, PATH_COLUMNS)),
            Paragraph(
                "Minima and saddle were found by Newton's method, where the gradient is zero.",
                style="note",
            ),
        ],
        advice="if a loss does not change from the first epoch on, try another start (another "
        "seed) or Adam before you reject the model.",
        advice_last=True,
    )


def _panels(tables: Mapping[str, pd.DataFrame]) -> list[Panel]:
    grid, paths, outcomes = tables["surface"], tables["paths"], tables["outcomes"]
    vanilla = paths[paths["name"] == paths["name"].iloc[0]]
    from_plateau = paths[paths["start"] == outcomes["start"].iloc[-1]]
    past_saddle = vanilla[vanilla["start"] == vanilla["start"].unique()[1]]
    return [
        draw_panel(
            "The surface, and a path past the saddle",
            "wells-surface",
            "A surface with two wells, a saddle between them and a plateau around, and "
            "the path of vanilla descent past the saddle.",
            partial(surface, grid, past_saddle, names=("x", "y", "f(x, y)")),
            projection="3d",
            height_px=300,
        ),
        draw_panel(
            "Vanilla descent from three starts",
            "wells-starts",
            f"Contours with the paths of vanilla descent from {_starts(outcomes)}.",
            partial(contour, grid, vanilla, names=("x", "y"), by="start"),
            height_px=300,
        ),
        draw_panel(
            "From the plateau, by four rules",
            "wells-plateau",
            f"Contours with the paths of {listed(list(outcomes['name'].unique()))} "
            "from the plateau.",
            partial(contour, grid, from_plateau, names=("x", "y"), by="name"),
            height_px=300,
        ),
    ]


def _starts(outcomes: pd.DataFrame) -> str:
    return listed(list(outcomes["start"].unique()))


def _sentence(outcomes: pd.DataFrame, steps: int) -> str:
    """Return what became of the paths from the plateau."""
    last = outcomes[outcomes["start"] == outcomes["start"].iloc[-1]]
    stuck = last[last["reached"] == "no minimum"]
    freed = last[last["reached"] != "no minimum"]
    left = ", ".join(
        f"{row['name']} moved {row['moved']:.2f} from the plateau and reached no minimum"
        for row in rows(stuck)
    )
    found = f"{listed(list(freed['name']))} left it for the {freed['reached'].iloc[0]}"
    return f"In {steps} steps {left}; {found}."
