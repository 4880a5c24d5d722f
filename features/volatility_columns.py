"""The variances of a table of forecasts as people read them: annualised volatility in percent."""

import re

import pandas as pd
from numpy.typing import ArrayLike

from volcast.features.units import volatility_annual_pct

VOLATILITY_OF = {
    "variance": "volatility",
    "realized": "volatility_realized",
    "lower": "volatility_lower",
    "upper": "volatility_upper",
    "variance_without_report": "volatility_without_report",
    "variance_har": "volatility_har",
}
BOUND = re.compile(r"(lower|upper)_[\d.]+")  # of a further interval


def add_volatility_columns(forecasts: pd.DataFrame, periods_per_year: ArrayLike) -> pd.DataFrame:
    """Return a table with its daily variances also as annualised volatility in percent.

    Columns of `VOLATILITY_OF` that the table does not have are left out; the bounds of further
    intervals, such as `lower_80`, become `volatility_lower_80`.

    Parameters
    ----------
    forecasts
        With daily variances.
    periods_per_year
        Of each row.

    Examples
    --------
    >>> add_volatility_columns(pd.DataFrame({"lower_80": [1e-4]}), [252]).round(4)
       lower_80  volatility_lower_80
    0    0.0001              15.8745
    """
    names = [str(name) for name in forecasts if BOUND.fullmatch(str(name))]
    columns = {**VOLATILITY_OF, **{name: f"volatility_{name}" for name in names}}
    return forecasts.assign(
        **{
            new: volatility_annual_pct(forecasts[old], periods_per_year)
            for old, new in columns.items()
            if old in forecasts
        }
    )
