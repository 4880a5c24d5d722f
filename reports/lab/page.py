"""The lab's page: the sections in the order in which they build on each other."""

from collections.abc import Callable, Mapping

import pandas as pd

from volcast.reports.lab import (
    batches,
    bowls,
    by_hand,
    checks,
    classes,
    credit,
    descent,
    graph,
    logistic,
    vanishing,
    wells,
    xor,
)
from volcast.reports.section import Section

Tables = Mapping[str, pd.DataFrame]

SECTIONS: dict[str, Callable[[Tables], Section]] = {
    "descent": descent.finding,
    "bowls": bowls.finding,
    "wells": wells.finding,
    "graph": graph.finding,
    "by_hand": by_hand.finding,
    "credit": credit.finding,
    "logistic": logistic.finding,
    "xor": xor.finding,
    "classes": classes.finding,
    "vanishing": vanishing.finding,
    "batches": batches.finding,
    "checks": checks.finding,
}


def build_lab_sections(tables: Mapping[str, Tables]) -> list[Section]:
    """Return the sections of the page, given the tables of each experiment by its name."""
    return [section(tables[name]) for name, section in SECTIONS.items()]
