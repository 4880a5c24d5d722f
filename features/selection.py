"""Which features a model gets: by name, by family, the default, or all."""

import difflib
from collections.abc import Sequence

from volcast.features.earnings_echo import ECHO_QUARTERS, ECHO_RADII
from volcast.features.registry import (
    ALL_KEY,
    DEFAULT_KEY,
    FEATURES,
    SERIES_FEATURES,
    SERIES_MARK,
    is_feature,
    name_series_features,
)

# What helped on development years, less what another column already carries: raw returns and the
# range estimators other than Parkinson are left out, since z and the HAR terms carry them. The
# level of the market is left out for another reason: it is the same for all tickers of a day, so
# that a network memorises the few days of the past by it; the market's surprise is enough.
DEFAULT_FEATURES = (
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
    *(
        f"{series}_{quarters}q_{radius}"
        for series in ("echo", "volume_echo")
        for quarters in ECHO_QUARTERS
        for radius in ECHO_RADII
    ),
    *("market_surprise", "relative_surprise", "market_z", "market_z_negative"),
)


def group_by_family() -> dict[str, tuple[str, ...]]:
    """Return the feature names of each family, in the order of the registry.

    Examples
    --------
    >>> group_by_family()["volume"]
    ('volume_change', 'volume_deviation_22', 'volume_mean_5_against_66')
    """
    members: dict[str, tuple[str, ...]] = {}
    for item in FEATURES.values():
        members[item.family] = (*members.get(item.family, ()), item.name)
    return members


def select_features(entries: Sequence[str], series: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the names of the selected features, without duplicates.

    Parameters
    ----------
    entries
        Names of features, names of families, ``"default"`` or ``"all"``.
    series
        Names of the exogenous series, of which a family or ``"all"`` selects the features. A
        feature of another series can be selected by its own name only, and is NaN.

    Returns
    -------
    Names in the order of the registry, then those of the features of series, by the name of the
    series: the column order of the feature matrix.

    Raises
    ------
    ValueError
        If an entry is unknown (the message suggests the nearest known one), if there is none, or if
        a family of features of series is selected and there is no series.

    Examples
    --------
    >>> select_features(["z", "har_5", "har_1", "z"])
    ('har_1', 'har_5', 'z')
    >>> len(select_features(["default"])), len(select_features(["all"]))
    (73, 107)
    """
    of_series = name_series_features(series)
    known: dict[str, tuple[str, ...]] = {
        name: (name,) for name in (*FEATURES, *of_series, *entries) if is_feature(name)
    }
    known |= group_by_family() | {item.family: of_series for item in SERIES_FEATURES.values()}
    known |= {DEFAULT_KEY: DEFAULT_FEATURES, ALL_KEY: (*FEATURES, *of_series)}
    for entry in entries:
        if entry not in known:
            nearest = difflib.get_close_matches(entry, known, n=1, cutoff=0.0)[0]
            raise ValueError(f"unknown feature or family {entry!r}; did you mean {nearest!r}?")
        if not known[entry]:
            raise ValueError(f"the family {entry!r} has no features without an exogenous series")
    chosen = {name for entry in entries for name in known[entry]}
    if not chosen:
        raise ValueError(
            "no feature is selected; name features or families, or use "
            f"{DEFAULT_KEY!r} or {ALL_KEY!r}"
        )
    # By name, so that the order of the columns does not depend on that of the settings.
    every_series = sorted({name.partition(SERIES_MARK)[2] for name in chosen - FEATURES.keys()})
    order = (*FEATURES, *name_series_features(every_series))
    return tuple(name for name in order if name in chosen)
