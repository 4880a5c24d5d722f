"""The baselines by the names that configurations, tables and reports use."""

from __future__ import annotations

from collections.abc import Callable

from models.ewma import EWMA
from models.forecaster import Forecaster
from models.garch import GARCH
from models.har import LogHAR
from models.naive import LastValue, MonthMean

REFERENCE = "har"  # what every other model is measured against
NETWORK = "network"

BASELINES: dict[str, Callable[[], Forecaster]] = {
    "last_value": LastValue,
    "mean_22": MonthMean,
    "ewma": EWMA,
    "har": LogHAR,
    "garch": GARCH,
}
