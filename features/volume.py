"""Features of the traded volume: how unusual it is, in logs.

All are (T, N) and dimensionless; row t uses data to the close of t. A volume that is not above 0
counts as missing and is not filled: indices and currencies report 0 if nothing is counted. All are
optional.
"""

from volcast.features._typing import FloatArray
from volcast.features.bars import Bars
from volcast.features.registry import feature
from volcast.features.windows import lag_rows, window_mean


@feature("volume", optional=True)
def volume_change(bars: Bars) -> FloatArray:
    """Log volume of session t less that of session t - 1.

    Parameters
    ----------
    bars
        Bars of one exchange.

    Returns
    -------
    (T, N) differences of logs; NaN where either volume is missing.
    """
    return bars.log_volume - lag_rows(bars.log_volume, 1)


@feature("volume", optional=True)
def volume_deviation_22(bars: Bars) -> FloatArray:
    """Log volume of session t less its mean over the last 22 sessions.

    Parameters
    ----------
    bars
        Bars of one exchange.

    Returns
    -------
    (T, N) differences of logs; NaN where the volume of t or more than 40 % of the window
    is missing.
    """
    return bars.log_volume - window_mean(bars.log_volume, 22)


@feature("volume", optional=True)
def volume_mean_5_against_66(bars: Bars) -> FloatArray:
    """Mean log volume of the last 5 sessions less that of the last 66.

    Parameters
    ----------
    bars
        Bars of one exchange.

    Returns
    -------
    (T, N) differences of logs; NaN where more than 40 % of either window is missing.
    """
    return window_mean(bars.log_volume, 5) - window_mean(bars.log_volume, 66)
