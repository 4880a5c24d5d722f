"""All experiments of the lab by name."""

import pandas as pd

from volcast.models.lab import (
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

EXPERIMENTS = {
    "descent": descent.tables,
    "bowls": bowls.tables,
    "wells": wells.tables,
    "graph": graph.tables,
    "by_hand": by_hand.tables,
    "credit": credit.tables,
    "logistic": logistic.tables,
    "xor": xor.tables,
    "classes": classes.tables,
    "vanishing": vanishing.tables,
    "batches": batches.tables,
    "checks": checks.tables,
}


def all_tables() -> dict[str, dict[str, pd.DataFrame]]:
    """Return the tables of every experiment; a few seconds."""
    return {name: tables() for name, tables in EXPERIMENTS.items()}
