"""Past errors of models in the first format, which stored neither their dates nor their tickers."""

from __future__ import annotations

from typing import Any

import pandas as pd

from volcast.models.baselines.catalogue import NETWORK, REFERENCE
from volcast.models.forecast_intervals import ERROR_COLUMNS

FORMAT = 1
KEPT = 500  # errors of each model and horizon, the latest
NO_TICKER = ""
KEYS = {NETWORK: "log_residuals", REFERENCE: "har_log_residuals"}


def read_past_errors(metadata: dict[str, Any]) -> pd.DataFrame:
    """Return the errors in a model's metadata with the columns `ERROR_COLUMNS`.

    They get the working days up to the end of the training, one error a day, and a ticker without a
    name: the first intervals after an upgrade are those of the panel.
    """
    parts = []
    for model, key in KEYS.items():
        for horizon, errors in metadata[key].items():
            kept = errors[-KEPT:]
            days = pd.bdate_range(end=metadata["trained_through"], periods=len(kept)).as_unit("us")
            columns = {"ticker": NO_TICKER, "origin": days, "target_end": days, "log_error": kept}
            labels = {"model": model, "horizon": int(horizon), "short_history": False}
            parts.append(pd.DataFrame({**labels, **columns}))
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=ERROR_COLUMNS)
    return table[ERROR_COLUMNS]
