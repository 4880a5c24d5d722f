"""The earnings echo: the stormiest day about one, two and four quarters before the target day.

Companies report each quarter, about 63 sessions apart, on days whose variance is several times
the usual. All are (T, N), logs of daily variances; row t uses data to the close of t. NaN where
fewer than four sessions of the window are valid. All are optional: they need a year of history.
"""

from features._typing import FloatArray
from features.bars import Bars
from features.registry import feature
from features.windows import lagged, window_max

QUARTER_SESSIONS = 63
# Half the width of the window about the same day of an earlier quarter, by quarters back: the
# reporting date moves by some days, more so over a longer time.
HALF_WIDTH_SESSIONS = {1: 3, 2: 4, 4: 4}
SESSIONS_DEMANDED = 4


@feature("echo", optional=True, quarter_ago=1, half_year_ago=2, year_ago=4)
def echo(bars: Bars, quarters: int) -> FloatArray:
    """Largest log daily variance about 63, 126 or 252 sessions before the target's first."""
    half_width = HALF_WIDTH_SESSIONS[quarters]
    # Seen from row t the target is one session ahead, hence the 1.
    last_session = QUARTER_SESSIONS * quarters - 1 - half_width
    largest = window_max(bars.log_variance, 2 * half_width + 1, at_least=SESSIONS_DEMANDED)
    return lagged(largest, last_session)
