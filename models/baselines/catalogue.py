"""The baselines by name, declared once; importing this file is instant.

To add a baseline, write its class in a file of this package and add an entry to `BASELINES`.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from volcast.models.forecaster import Forecaster

REFERENCE = "har"  # the model that all others are compared with
GARCH_MODELS = ("garch", "gjr_garch_t", "egarch")  # estimated ticker by ticker, iteratively
NETWORK = "network"


@dataclass(frozen=True)
class Baseline:
    """A baseline: its class as ``module:Class``, and the keyword arguments of its constructor.

    The module is imported when the baseline is built.
    """

    path: str
    options: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self) -> Forecaster:
        """Return the unfitted forecaster."""
        module, _, name = self.path.partition(":")
        forecaster: Forecaster = getattr(importlib.import_module(module), name)(**self.options)
        return forecaster


_HERE = __name__.rpartition(".")[0]

BASELINES: dict[str, Callable[[], Forecaster]] = {
    "last_value": Baseline(f"{_HERE}.naive:LastValue"),
    "mean_22": Baseline(f"{_HERE}.naive:MonthMean"),
    "ewma": Baseline(f"{_HERE}.ewma:EWMA"),
    "har": Baseline(f"{_HERE}.har:LogHAR"),
    "har_1000": Baseline(f"{_HERE}.har:LogHAR", {"window": 1000}),
    "har_pooled": Baseline(f"{_HERE}.har:PooledHAR"),
    "har_rolling": Baseline(f"{_HERE}.rolling_har:RollingHAR"),
    "lhar": Baseline(f"{_HERE}.lhar:LHAR"),
    "lhar_pooled": Baseline(f"{_HERE}.lhar:LHAR", {"pooled": True}),
    "harx": Baseline(f"{_HERE}.har:HARX"),
    "garch": Baseline(f"{_HERE}.garch:GARCH"),
    "gjr_garch_t": Baseline(f"{_HERE}.garch:GARCH", {"asymmetric": True, "errors": "t"}),
    "egarch": Baseline(f"{_HERE}.egarch:EGARCH"),
    "trees": Baseline(f"{_HERE}.trees:Trees"),
}


def make_baseline(name: str) -> Forecaster:
    """Return the unfitted baseline called `name`, or an instance of ``module:Class``.

    A module is searched in the working folder first; its class is called without arguments.

    Raises
    ------
    ValueError
        The baseline, module or class does not exist, or the class lacks `fit` or `forecast`.

    Examples
    --------
    >>> make_baseline("har_1000").window
    1000
    """
    if ":" not in name:
        if name not in BASELINES:
            raise ValueError(f"there is no baseline {name!r}; available: {', '.join(BASELINES)}")
        return BASELINES[name]()
    attribute = name.partition(":")[2]
    try:
        forecaster_class = getattr(_import_module(name), attribute)
    except (ImportError, AttributeError) as error:
        raise ValueError(
            f"the baseline {name} cannot be imported: {error}; give it as module:Class, with a "
            "module that can be imported from the working folder"
        ) from error
    if not all(callable(getattr(forecaster_class, method, None)) for method in ("fit", "forecast")):
        raise ValueError(
            f"the baseline {name} has no `fit` and `forecast`, which volcast.Forecaster requires"
        )
    forecaster: Forecaster = forecaster_class()
    return forecaster


def find_source_file(name: str) -> Path | None:
    """Return the file of a ``module:Class``; None for a name in `BASELINES`, or without a file.

    Examples
    --------
    >>> find_source_file("har") is None
    True
    """
    if ":" not in name:
        return None
    file = getattr(_import_module(name), "__file__", None)
    return Path(file) if file else None


def _import_module(name: str) -> ModuleType:
    """Import the module of a ``module:Class``, from the working folder first."""
    folder = str(Path.cwd())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    return importlib.import_module(name.partition(":")[0])
