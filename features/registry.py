"""The registry of features: what exists, and to which family it belongs.

A feature is a function of `Bars` that returns a (T, N) float64 array whose row t uses data to the
close of t only. The decorator `feature` registers it; the files of the families do so on import.

A feature of an exogenous series is a function of the bars and the name of a series, registered by
`series_feature`. It exists for every series, under names such as ``exogenous_change:^VIX``. Look a
feature up with `find_feature`, which knows both kinds.
"""

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
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
    long_run
        Whether the feature describes the long run of a ticker, which a short history does not have:
        a row with NaN in it can still be forecast, but no model is fitted on it.
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
    compute: Callable[..., FloatArray]
    description: str
    optional: bool = False
    level: bool = False
    long_run: bool = False


FEATURES: dict[str, Feature] = {}
SERIES_FEATURES: dict[str, Feature] = {}  # their `compute` takes bars and the name of a series
SERIES_MARK = ":"  # between the name of a feature and that of its series


def feature(
    family: str,
    *,
    optional: bool = False,
    level: bool = False,
    long_run: bool = False,
    **values: Any,
) -> Callable[[Callable[..., FloatArray]], Callable[..., FloatArray]]:
    """Register a function as a feature, or as several that differ in one argument.

    Parameters
    ----------
    family, optional, level, long_run
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
        for name, compute in _name_variants(function, values).items():
            description = _summarise(function)
            flags = {"optional": optional, "level": level, "long_run": long_run}
            _add(FEATURES, Feature(name, family, compute, description, **flags))
        return function

    return register


def series_feature(
    family: str, **values: Any
) -> Callable[[Callable[..., FloatArray]], Callable[..., FloatArray]]:
    """Register a function of bars and the name of a series; the feature is optional.

    Parameters and result are those of `feature`; with values the function is called as
    ``f(bars, series, value)``.
    """

    def register(function: Callable[..., FloatArray]) -> Callable[..., FloatArray]:
        for name, compute in _name_variants(function, values).items():
            found = Feature(name, family, compute, _summarise(function), optional=True)
            _add(SERIES_FEATURES, found)
        return function

    return register


def find_feature(name: str) -> Feature:
    """Return a feature by its name.

    Parameters
    ----------
    name
        A registered name; for a feature of a series ``name:series``, for any series.

    Raises
    ------
    KeyError
        If there is no such feature.

    Examples
    --------
    >>> import volcast.features
    >>> find_feature("har_1").level
    True
    >>> find_feature("exogenous_change:^VIX").family
    'exogenous'
    """
    kind, _, series = name.partition(SERIES_MARK)
    if not series or kind not in SERIES_FEATURES:
        return FEATURES[name]
    found = SERIES_FEATURES[kind]
    return dataclasses.replace(found, name=name, compute=lambda bars: found.compute(bars, series))


def is_feature(name: str) -> bool:
    """Return whether `find_feature` knows a name."""
    kind, _, series = name.partition(SERIES_MARK)
    return name in FEATURES or bool(series and kind in SERIES_FEATURES)


def name_series_features(series: Sequence[str]) -> tuple[str, ...]:
    """Return the names of all features of some series, series by series.

    Examples
    --------
    >>> import volcast.features
    >>> name_series_features(["^VIX"])[-1]
    'exogenous_change:^VIX'
    """
    return tuple(f"{kind}{SERIES_MARK}{name}" for name in series for kind in SERIES_FEATURES)


def compute_features(bars: Bars, names: Sequence[str]) -> Iterator[FloatArray]:
    """Yield the (T, N) array of each named feature, in the order of `names`, using all cores.

    Parameters
    ----------
    bars
        Bars of one exchange, T sessions of N tickers.
    names
        Names that `find_feature` knows.

    Yields
    ------
    (T, N) float64 arrays; row t uses data to the close of t, NaN where it cannot be computed.

    Raises
    ------
    KeyError
        If there is no feature of a name.
    """
    chosen = [find_feature(name) for name in names]
    # NumPy and bottleneck release the interpreter's lock, so that threads are enough.
    with ThreadPoolExecutor() as pool:
        for first in range(0, len(chosen), FEATURES_PER_BATCH):
            batch = chosen[first : first + FEATURES_PER_BATCH]
            yield from pool.map(lambda item: item.compute(bars), batch)


def _add(registry: dict[str, Feature], found: Feature) -> None:
    """Add a feature; ``ValueError`` if its name is taken."""
    if found.name in (*FEATURES, *SERIES_FEATURES, ALL_KEY, DEFAULT_KEY):
        raise ValueError(f"a feature named {found.name!r} exists already; choose another name")
    registry[found.name] = found


def _name_variants(
    function: Callable[..., FloatArray], values: Mapping[str, Any]
) -> dict[str, Callable[..., FloatArray]]:
    """Return a function by its own name, or with each value as its last argument by that name."""
    variants = {name: _bind_value(function, value) for name, value in values.items()}
    return variants or {function.__name__: function}


def _bind_value(function: Callable[..., FloatArray], value: Any) -> Callable[..., FloatArray]:
    return lambda *arguments: function(*arguments, value)


def _summarise(function: Callable[..., FloatArray]) -> str:
    return (function.__doc__ or "").strip().partition("\n")[0]
