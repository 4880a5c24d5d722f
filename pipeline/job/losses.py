"""Losses of the ledger's forecasts, and since when the champion is champion."""

from __future__ import annotations

import numpy as np
import pandas as pd

from volcast.models.baselines.catalogue import REFERENCE
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.ledger.records import DecisionRow
from volcast.pipeline.registry.promotion import CHANGES, GATE
from volcast.reports.scoring.scored_rows import qlike

CELL = ["origin", "ticker"]
LOSS_COLUMNS = [
    *("origin", "ticker", "horizon", "target_end", "model", "model_version", "role"),
    *("variance", "fallback", "short_history", "realized"),
]  # of the ledger's table `scored`


def add_qlike(rows: pd.DataFrame) -> pd.DataFrame:
    """Return forecasts with a column `loss`, their QLIKE."""
    loss = np.asarray(qlike(rows["realized"].to_numpy(), rows["variance"].to_numpy()))
    return rows.assign(loss=loss)


def index_by_cell(rows: pd.DataFrame, column: str = "loss") -> pd.Series:
    """Return a column by origin and ticker; of two forecasts for one cell the first counts."""
    return pd.Series(rows.drop_duplicates(CELL).set_index(CELL)[column])


def build_issued_losses(scored: pd.DataFrame) -> pd.DataFrame:
    """Return `origin, ticker, issued, har`: QLIKE of the issued forecasts and of HAR's.

    Parameters
    ----------
    scored
        Rows of the ledger's table `scored`, of one horizon, with `LOSS_COLUMNS`.
    """
    table = add_qlike(scored[scored["realized"].gt(0)])
    issued = table[table["role"] == "champion"].set_index(CELL)["loss"]
    har = index_by_cell(table[table["model"] == REFERENCE])
    return pd.DataFrame({"issued": issued, REFERENCE: har}).reset_index()


def find_last_change(ledger: Ledger) -> DecisionRow | None:
    """Return the decision of the gate, or the manual override, that made the champion champion."""
    changes = ledger.decisions(*CHANGES)
    return next((each for each in changes if each.key.startswith(GATE) or each.who), None)


def find_reign_start(ledger: Ledger) -> pd.Timestamp:
    """Return the first origin of the current champion: the day whose gate promoted it.

    The gate's key names that day. After a manual override it is the day after the last origin whose
    forecasts had been issued before. Without any change of champion it is the earliest timestamp.
    """
    last = find_last_change(ledger)
    if last is None:
        return pd.Timestamp.min
    if last.key.startswith(GATE):
        return pd.Timestamp(last.key.removeprefix(GATE))
    before = ledger.last_origin(before=last.seq)
    return pd.Timestamp(before) + pd.Timedelta(days=1) if before else pd.Timestamp.min
