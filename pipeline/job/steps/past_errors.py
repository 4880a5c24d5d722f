"""The errors of earlier forecasts that the intervals of the next model are made from."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from volcast.models.baselines.catalogue import NETWORK, REFERENCE
from volcast.models.conformal import Float
from volcast.pipeline.job.registry_view import RegistryView
from volcast.pipeline.job.steps.gate import OF_A_LOSS
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.ledger.queries import RowFilter

CELL = ["origin", "ticker", "horizon", "model"]


def past_errors(
    ledger: Ledger, registry_view: RegistryView, day: pd.Timestamp
) -> Mapping[str, Mapping[int, Float]] | None:
    """Return the log errors, by model and horizon, that were known before the origin `day`.

    Those that the newest model was given, and since then those of the forecasts that its like
    made while it was the newest one. None where there is no model that can be read.
    """
    newest, model = registry_view.newest, registry_view.newest_model
    if newest is None or model is None:
        return None
    before = {NETWORK: model.log_residuals, REFERENCE: model.har_log_residuals}
    since_then = RowFilter(ended_after=pd.Timestamp(newest.facts["trained_through"]).date())
    scored = _newest_of_each_origin(ledger.table("scored", since_then, columns=OF_A_LOSS))
    scored = scored[(scored["target_end"] < day) & scored["realized"].gt(0)]
    error = np.log(scored["realized"].to_numpy() / scored["variance"].to_numpy())
    cell = scored["model"].to_numpy(), scored["horizon"].to_numpy()
    return {
        name: {
            horizon: np.concatenate([errors, error[(cell[0] == name) & (cell[1] == horizon)]])
            for horizon, errors in by_horizon.items()
        }
        for name, by_horizon in before.items()
    }


def _newest_of_each_origin(scored: pd.DataFrame) -> pd.DataFrame:
    """Return the forecasts of the newest network, and HAR's, at each origin."""
    number = pd.to_numeric(scored["model_version"], errors="coerce").fillna(-1)
    newest = number.groupby([scored[name] for name in CELL]).transform("max")
    return pd.DataFrame(scored[(scored["model"] == REFERENCE) | (number == newest)])
