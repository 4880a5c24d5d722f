"""Errors of earlier forecasts, from which the intervals of the next ones are computed."""

from __future__ import annotations

import math

import pandas as pd

from volcast.models.baselines.catalogue import NETWORK, REFERENCE
from volcast.models.forecast_intervals import ERROR_COLUMNS, SERIES, compute_log_error
from volcast.pipeline.job.losses import LOSS_COLUMNS
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.ledger.queries import RowFilter
from volcast.pipeline.registry.model_folder import StoredModel

CELL = [*SERIES, "origin"]


def collect_past_errors(
    ledger: Ledger, stored: StoredModel | None, day: pd.Timestamp, *, newest: float = math.inf
) -> pd.DataFrame:
    """Return the log errors of networks and of HAR that are known at the close of `day`.

    These are the errors stored with a network, and those of the forecasts in the ledger whose
    outcomes became known since it was trained.

    Parameters
    ----------
    ledger
        The forecasts and their outcomes.
    stored
        The network; None: the ledger alone counts.
    day
        The origin of the forecasts that need intervals.
    newest
        Number of the newest version that counts. At each origin the forecasts of the newest of
        the networks up to this one count, as in the walk-forward.

    Returns
    -------
    `ERROR_COLUMNS`, one row a model, horizon, ticker and origin.
    """
    since = RowFilter(ended_after=stored.trained_through if stored else None)
    scored = ledger.table("scored", since, columns=LOSS_COLUMNS)
    scored = scored[(scored["target_end"] <= day) & scored["realized"].gt(0)]
    scored = _select_newest_networks(scored, newest)
    live = scored.assign(
        log_error=compute_log_error(scored["realized"], scored["variance"]),
        short_history=scored["short_history"].fillna(False).astype(bool),  # unknown before format 3
    )[ERROR_COLUMNS]
    known = [table for table in ([stored.past_errors] if stored else []) if len(table)]
    return pd.concat([*known, live], ignore_index=True).drop_duplicates(CELL, ignore_index=True)


def _select_newest_networks(scored: pd.DataFrame, newest: float) -> pd.DataFrame:
    """Return the forecasts of the newest network that counts, and HAR's, at each origin."""
    number = pd.to_numeric(scored["model_version"], errors="coerce")
    scored = scored[(scored["model"] == REFERENCE) | (number <= newest)]
    number = number.loc[scored.index].fillna(-1)
    last = number.groupby([scored[name] for name in CELL]).transform("max")
    return pd.DataFrame(
        scored[(scored["model"] == REFERENCE) | ((scored["model"] == NETWORK) & (number == last))]
    )
