"""The registry of features: what exists, to which family it belongs, and how it is chosen.

A feature is a function of `Bars` that returns a (T, N) float64 array whose row t uses data to the
close of t only. Each family is a file; `@feature` enters its functions here.
"""

import difflib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from volcast.features._typing import FloatArray
from volcast.features.bars import Bars

ALL = "all"
STANDARD = "default"
AT_ONCE = 16  # features held in memory while they wait to be taken
QUARTERS = (1, 2, 3, 4)  # how far the echo of an earlier report is looked for
NEAR = (0, 1, 4)  # sessions about that day

# What helped on development years, less what another column says already: raw returns and the range
# estimators beside Parkinson are left out, since z and the HAR terms carry them. The level of the
# market is left out for another reason: it is the same for all tickers of a day, so that a network
# learns the few days of the past by heart from it; the market's surprise is enough.
DEFAULT = (
    *("har_1", "har_5", "har_22", "har_66", "har_250"),
    *("mean_log_5", "mean_log_22", "mean_log_66", "mean_log_250", "mean_log_all"),
    *(f"log_variance_lag_{k}" for k in (1, 2, 3, 4, 5)),
    *("parkinson_1", "parkinson_5", "parkinson_22", "close_to_close_5", "close_to_close_22"),
    *("overnight_share_22", "overnight_log_abs_z", "own_level_250", "jumpiness_250"),
    *("volatility_of_volatility_22", "volatility_of_volatility_66", "max_22"),
    *("z", "z_lag_1", "z_lag_2", "z_negative", "z_negative_lag_1", "z_negative_lag_2"),
    *("z_mean_5", "z_mean_22", "z_log_abs"),
    *("volume_change", "volume_deviation_22", "volume_mean_5_against_66"),
    *("target_tuesday", "target_wednesday", "target_thursday", "target_friday"),
    *("days_since_previous", "days_to_next"),
    *(f"{echo}_{q}q_{near}" for echo in ("echo", "volume_echo") for q in QUARTERS for near in NEAR),
    *("market_surprise", "relative_surprise", "market_z", "market_z_negative"),
)


@dataclass(frozen=True)
class Feature:
    """One column of the feature matrix.

    `compute` takes `Bars` and returns (T, N), row t from data to the close of t. A row with NaN
    in a feature that is not `optional` is unusable; for an optional one models put the training
    mean there. A `level` is the log of a daily variance: were all prices to move twice as much, it
    would rise by log 4 as the target does.
    """

    name: str
    family: str
    compute: Callable[[Bars], FloatArray]
    doc: str
    optional: bool = False
    level: bool = False


FEATURES: dict[str, Feature] = {}


def feature(
    family: str, *, optional: bool = False, level: bool = False, **values: Any
) -> Callable[[Callable[..., FloatArray]], Callable[..., FloatArray]]:
    """Register a function once for each `name=value`, as f(bars, value).

    Without values ``f(bars)`` is registered under its own name. Raises ``ValueError`` when the
    name is taken.
    """

    def register(function: Callable[..., FloatArray]) -> Callable[..., FloatArray]:
        doc = (function.__doc__ or "").strip().partition("\n")[0]
        computes = {name: _bound(function, value) for name, value in values.items()}
        for name, compute in (computes or {function.__name__: function}).items():
            if name in FEATURES or name in (ALL, STANDARD):
                raise ValueError(f"a feature named {name!r} exists already; choose another name")
            FEATURES[name] = Feature(name, family, compute, doc, optional, level)
        return function

    return register


def families() -> dict[str, tuple[str, ...]]:
    """Return the feature names of each family, in the order of the registry."""
    members: dict[str, tuple[str, ...]] = {}
    for item in FEATURES.values():
        members[item.family] = (*members.get(item.family, ()), item.name)
    return members


def select(entries: Sequence[str]) -> tuple[str, ...]:
    """Return the names chosen by feature, by family, by "default" or "all", in registry order.

    Raises ``ValueError`` on an unknown entry (naming the nearest known one) and on no entry.
    """
    known = {name: (name,) for name in FEATURES} | families()
    known |= {STANDARD: DEFAULT, ALL: tuple(FEATURES)}
    for entry in entries:
        if entry not in known:
            nearest = difflib.get_close_matches(entry, known, n=1, cutoff=0.0)[0]
            raise ValueError(f"unknown feature or family {entry!r}; did you mean {nearest!r}?")
    chosen = {name for entry in entries for name in known[entry]}
    if not chosen:
        raise ValueError('no feature was chosen; name features, families, or "all"')
    return tuple(name for name in FEATURES if name in chosen)


def compute(bars: Bars, names: Sequence[str]) -> Iterator[FloatArray]:
    """Yield the (T, N) array of each named feature, in order, computed on all cores.

    NumPy and bottleneck let go of the interpreter's lock, so that threads are enough. Raises
    ``KeyError`` on an unknown name.
    """
    chosen = [FEATURES[name] for name in names]
    with ThreadPoolExecutor() as pool:
        for first in range(0, len(chosen), AT_ONCE):
            yield from pool.map(lambda item: item.compute(bars), chosen[first : first + AT_ONCE])


def _bound(function: Callable[..., FloatArray], value: Any) -> Callable[[Bars], FloatArray]:
    """Return f(bars, value) as a function of the bars alone."""
    return lambda bars: function(bars, value)
