"""The registry of features: what exists, and to which family it belongs.

A feature is a function of `Bars` that returns a (T, N) float64 array whose row t uses data to the
close of t only. The decorator `feature` registers it; the files of the families do so on import.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from volcast.features._typing import FloatArray
from volcast.features.bars import Bars

ALL_KEY = "all"
DEFAULT_KEY = "default"
FEATURES_PER_BATCH = 16  # computed at once, and held in memory until the caller takes them


@dataclass(frozen=True)
class Feature:
    """One column of the feature matrix.

    Parameters
    ----------
    name
        Name of the column.
    family
        Name of the group that it can be selected with.
    compute
        Function of `Bars` that returns a (T, N) float64 array; row t uses data to the close of t.
    description
        The first line of the function's docstring.
    optional
        Whether a row with NaN in this feature is still usable: models then put the training mean
        there. NaN in any other feature makes the row unusable.
    level
        Whether the feature is the log of a daily variance: if all prices moved twice as much, it
        would rise by log 4, as the log target does.

    Examples
    --------
    >>> from volcast.features.registry import FEATURES
    >>> FEATURES["har_22"].family, FEATURES["har_22"].level
    ('past_volatility', True)
    >>> FEATURES["volume_change"].description
    'Log volume of session t less that of session t - 1.'
    """

    name: str
    family: str
    compute: Callable[[Bars], FloatArray]
    description: str
    optional: bool = False
    level: bool = False


FEATURES: dict[str, Feature] = {}


def feature(
    family: str, *, optional: bool = False, level: bool = False, **values: Any
) -> Callable[[Callable[..., FloatArray]], Callable[..., FloatArray]]:
    """Register a function as a feature, or as several that differ in one argument.

    Parameters
    ----------
    family, optional, level
        See `Feature`.
    **values
        For each ``name=value`` the function is registered under that name as ``f(bars, value)``.
        Without values ``f(bars)`` is registered under the function's own name.

    Returns
    -------
    A decorator that leaves the function as it is.

    Raises
    ------
    ValueError
        If a feature of that name exists, or if the name is a keyword of the selection.

    Examples
    --------
    The features ``return_mean_5`` and ``return_mean_22`` are one function::

        @feature("returns", return_mean_5=5, return_mean_22=22)
        def log_return_mean(bars, sessions): ...
    """

    def register(function: Callable[..., FloatArray]) -> Callable[..., FloatArray]:
        description = (function.__doc__ or "").strip().partition("\n")[0]
        computes = {name: _bind_value(function, value) for name, value in values.items()}
        for name, compute in (computes or {function.__name__: function}).items():
            if name in FEATURES or name in (ALL_KEY, DEFAULT_KEY):
                raise ValueError(f"a feature named {name!r} exists already; choose another name")
            FEATURES[name] = Feature(name, family, compute, description, optional, level)
        return function

    return register


def compute_features(bars: Bars, names: Sequence[str]) -> Iterator[FloatArray]:
    """Yield the (T, N) array of each named feature, in the order of `names`, using all cores.

    Parameters
    ----------
    bars
        Bars of one exchange, T sessions of N tickers.
    names
        Names of registered features.

    Yields
    ------
    (T, N) float64 arrays; row t uses data to the close of t, NaN where it cannot be computed.

    Raises
    ------
    KeyError
        If a name is not registered.
    """
    chosen = [FEATURES[name] for name in names]
    # NumPy and bottleneck release the interpreter's lock, so that threads are enough.
    with ThreadPoolExecutor() as pool:
        for first in range(0, len(chosen), FEATURES_PER_BATCH):
            batch = chosen[first : first + FEATURES_PER_BATCH]
            yield from pool.map(lambda item: item.compute(bars), batch)


def _bind_value(function: Callable[..., FloatArray], value: Any) -> Callable[[Bars], FloatArray]:
    """Return f(bars, value) as a function of the bars alone."""
    return lambda bars: function(bars, value)
