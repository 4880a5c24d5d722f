"""The section on two dimensions: steep and flat directions, rates and rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import pandas as pd

from volcast.reports.blocks import Figures, Panel, Paragraph, fold_table
from volcast.reports.figure_panels import draw_panel
from volcast.reports.lab.figures.surfaces import contour, surface
from volcast.reports.lab.formatting import formula, listed
from volcast.reports.lab.records import groups, rows
from volcast.reports.section import Section
from volcast.reports.text_tables import Column, sentence_case, text_table

TABLES = ("surfaces", "paths")
CLASSICAL, AVERAGED = formula("v = m v - r g"), formula("v = m v + (1 - m) g")
COLUMNS = [
    Column("surface", "Surface"),
    Column("name", "Path", sentence_case),
    Column("rate", "Rate", ".4g"),
    Column("steps", "Steps to a thousandth of f", ".0f"),
    Column("end", "f at the end", ".3g"),
]


def build_section(tables: Mapping[str, pd.DataFrame]) -> Section:
    """Return the section of the tables of `volcast.models.lab.quadratic_loss`."""
    names = {
        key: formula(part["name"].iloc[0]) for key, part in groups(tables["surfaces"], "steepness")
    }
    outcomes = tables["outcomes"].assign(surface=tables["outcomes"]["steepness"].map(names))
    momenta = rows(tables["momenta"])[0]
    return Section(
        name="bowls",
        title="Two dimensions",
        sentence=_sentence(outcomes, momenta),
        blocks=[
            Paragraph(
                "The steepest direction sets the largest rate that does not diverge: two over the "
                "largest curvature. The flattest direction then has to use that rate, too. The "
                "more the curvatures differ, the more a path zigzags across the valley instead of "
                "following it."
            ),
            Paragraph(
                "Momentum adds up steps: across the valley they cancel, along it they add. There "
                f"are two conventions. Classical momentum, which Keras uses, is {CLASSICAL}, and "
                f"adds v. The averaged one (EMA) is {AVERAGED}, and adds -r v. At a rate "
                f"{momenta['ratio_of_rates']:g} times as large, 1 / (1 - m) for m = "
                f"{momenta['momentum']:g}, it takes exactly the same path: in all of "
                f"{momenta['steps']:.0f} steps they are never further apart than "
                f"{momenta['largest_distance']:.1g}. Nesterov's rule evaluates the slope where "
                "momentum is about to arrive, and so slows down in time."
            ),
            Figures(list(_panels(tables, names))),
            fold_table("Every path", text_table(outcomes, COLUMNS)),
            Paragraph(
                "All paths begin at the ring; the surface shows that of the smallest rate. The "
                "limit is the rate at which vanilla descent stops converging; the rules share one "
                "rate, the averaged momentum in its own convention.",
                style="note",
            ),
        ],
        advice="standardise the inputs, so that no direction is much steeper than another; then "
        "use momentum, and only then raise the rate.",
        advice_last=True,
    )


def _panels(tables: Mapping[str, pd.DataFrame], names: Mapping[Any, Any]) -> Iterator[Panel]:
    for number, (steepness, name) in enumerate(names.items()):
        grid, paths = (tables[t][tables[t]["steepness"] == steepness] for t in TABLES)
        rates, rules = (paths[paths["family"] == family] for family in ("rate", "rule"))
        # Small steps stay on the surface; the chords of large ones would hang in the air.
        slowest = rates[rates["name"] == rates["name"].iloc[0]]
        yield draw_panel(
            f"{name}: the surface",
            f"bowl-{number}-surface",
            f"Surface of {name} with the path of vanilla descent at {slowest['name'].iloc[0]}.",
            partial(surface, grid, slowest, names=("x", "y", "f(x, y)")),
            projection="3d",
            height_px=300,
        )
        for title, some in (("learning rates", rates), ("rules", rules)):
            drawn = some[~some["name"].str.contains("averaged")]
            yield draw_panel(
                f"{name}: {title}",
                f"bowl-{number}-{title.split()[-1]}",
                f"Contours of {name} with the paths of {listed(list(drawn['name'].unique()))}.",
                partial(contour, grid, drawn, names=("x", "y"), by="name"),
                height_px=300,
            )


def _sentence(outcomes: pd.DataFrame, momenta: dict[str, Any]) -> str:
    """Return how many steps vanilla descent and momentum need on each bowl."""
    rules = groups(outcomes[outcomes["family"] == "rule"], "name")
    most = int(momenta["steps"])
    steps = {
        name: listed([f"over {most}" if pd.isna(n) else f"{n:.0f}" for n in part["steps"]])
        for name, part in rules
    }
    surfaces = listed(list(outcomes["surface"].unique()))
    first, *others = (name for name in steps if "averaged" not in name)
    others = [f"{name} takes {steps[name]}" for name in others]
    return (
        f"To reach {momenta['arrived_share']:.1%} of the first value on {surfaces}, {first} "
        f"descent takes {steps[first]} steps at one share of the largest rate; {listed(others)}. "
        "Momentum is slower if all directions are about equally steep, and helps if they are not."
    )
