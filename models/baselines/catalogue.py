"""The baselines by the names that configurations, tables and reports use."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType

from volcast.models.baselines.egarch import EGARCH
from volcast.models.baselines.ewma import EWMA
from volcast.models.baselines.garch import GARCH
from volcast.models.baselines.har import HARX, LogHAR, PooledHAR
from volcast.models.baselines.naive import LastValue, MonthMean
from volcast.models.baselines.trees import Trees
from volcast.models.forecaster import Forecaster

REFERENCE = "har"  # what every other model is measured against
NETWORK = "network"

BASELINES: dict[str, Callable[[], Forecaster]] = {
    "last_value": LastValue,
    "mean_22": MonthMean,
    "ewma": EWMA,
    "har": LogHAR,
    "har_1000": partial(LogHAR, window=1000),
    "har_pooled": PooledHAR,
    "harx": HARX,
    "garch": GARCH,
    "gjr_garch_t": partial(GARCH, asymmetric=True, errors="t"),
    "egarch": EGARCH,
    "trees": Trees,
}


def baseline(name: str) -> Forecaster:
    """Return the unfitted baseline of a name, or of ``module:Class``.

    A module is looked for in the working folder first; its class is called without arguments.

    Raises
    ------
    ValueError
        There is no such name, module or class, or the class has no `fit` and `forecast`; the
        message says which.
    """
    if ":" not in name:
        if name not in BASELINES:
            raise ValueError(f"there is no baseline {name!r}; there are {', '.join(BASELINES)}")
        return BASELINES[name]()
    attribute = name.partition(":")[2]
    try:
        made = getattr(_module(name), attribute)
    except (ImportError, AttributeError) as error:
        raise ValueError(
            f"the baseline {name} cannot be had: {error}; name an importable module, a colon and "
            "a class of it"
        ) from error
    if not all(callable(getattr(made, method, None)) for method in ("fit", "forecast")):
        raise ValueError(
            f"the baseline {name} has no `fit` and `forecast`, as models/forecaster.py asks"
        )
    forecaster: Forecaster = made()
    return forecaster


def find_source_file(name: str) -> Path | None:
    """Return the file of a ``module:Class``; None for a name of `BASELINES`, or without a file."""
    if ":" not in name:
        return None
    file = getattr(_module(name), "__file__", None)
    return Path(file) if file else None


def _module(name: str) -> ModuleType:
    """Import the module of a ``module:Class``, from the working folder first."""
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    return importlib.import_module(name.partition(":")[0])
