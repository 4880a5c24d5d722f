"""Errors of earlier forecasts, from which the intervals of the next model are computed."""

from __future__ import annotations

import numpy as np
import pandas as pd

from volcast.models.baselines.catalogue import NETWORK, REFERENCE
from volcast.pipeline.job.challenger import LogErrors
from volcast.pipeline.job.losses import LOSS_COLUMNS
from volcast.pipeline.job.registry_view import RegistryView
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.ledger.queries import RowFilter

CELL = ["origin", "ticker", "horizon", "model"]


def collect_past_errors(
    ledger: Ledger, registry_view: RegistryView, day: pd.Timestamp
) -> LogErrors | None:
    """Return the log errors, by model and horizon, that were known before the origin `day`.

    These are the errors stored with the newest network, and those of the forecasts made since by
    the newest network of each origin, and by HAR. None if there is no network that can be loaded.
    """
    newest, model = registry_view.newest, registry_view.newest_model
    if newest is None or model is None:
        return None
    stored = {NETWORK: model.log_residuals, REFERENCE: model.har_log_residuals}
    since = RowFilter(ended_after=pd.Timestamp(newest.facts["trained_through"]).date())
    scored = _select_newest_networks(ledger.table("scored", since, columns=LOSS_COLUMNS))
    scored = scored[(scored["target_end"] < day) & scored["realized"].gt(0)]
    error = np.log(scored["realized"].to_numpy() / scored["variance"].to_numpy())
    models, horizons = scored["model"].to_numpy(), scored["horizon"].to_numpy()
    return {
        name: {
            horizon: np.concatenate([errors, error[(models == name) & (horizons == horizon)]])
            for horizon, errors in by_horizon.items()
        }
        for name, by_horizon in stored.items()
    }


def _select_newest_networks(scored: pd.DataFrame) -> pd.DataFrame:
    """Return the forecasts of the newest network, and HAR's, at each origin."""
    number = pd.to_numeric(scored["model_version"], errors="coerce").fillna(-1)
    newest = number.groupby([scored[name] for name in CELL]).transform("max")
    return pd.DataFrame(scored[(scored["model"] == REFERENCE) | (number == newest)])
