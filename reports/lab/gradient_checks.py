"""The section on gradient checks."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from volcast.reports.blocks import Paragraph, fold_table
from volcast.reports.lab.records import rows
from volcast.reports.section import Section
from volcast.reports.text_tables import Column, text_table

COLUMNS = [
    Column("subject", "Checked"),
    Column("loss", "Loss", lambda name: name.replace("_", " ")),
    Column("gradients", "Gradients", ",d"),
    Column("error", "Largest relative error", ".1e"),
    Column("verdict", "Verdict"),
]


def build_section(tables: Mapping[str, pd.DataFrame]) -> Section:
    """Return the section of the tables of `volcast.models.lab.gradient_checks`."""
    table = tables["checks"]
    verdict = table["passed"].map({True: "correct", False: "wrong"})
    own, planted = table[~table["planted"]], rows(table[table["planted"]])[0]
    found = "is found" if not planted["passed"] else "was not found"
    return Section(
        name="checks",
        title="Gradient checks",
        sentence=f"{int(own['passed'].sum())} of {len(own)} gradients of this page agree with "
        f"differences of their loss, to {own['error'].max():.0e} at worst; the deliberately wrong "
        f"one {found}, at {planted['error']:.0e}.",
        blocks=[
            Paragraph(
                "Is the chain rule implemented correctly? Move each parameter up and down by a "
                "tiny amount, and divide the change of the loss by the distance: a gradient "
                "without any calculus, far too slow for training but good for checking."
            ),
            fold_table(
                "Every check", text_table(table.assign(verdict=verdict), COLUMNS), unfolded=True
            ),
            Paragraph(
                "The relative error is |chain rule - differences| / (|chain rule| + |differences|) "
                f"by parameter; above {planted['tolerance']:.0e} it counts as wrong.",
                style="note",
            ),
        ],
        advice="check the gradient whenever you write a layer or a loss of your own, in double "
        "precision and on a few rows.",
        advice_last=True,
    )
