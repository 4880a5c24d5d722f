"""The hash of each ticker's bars: equal if and only if the numbers are equal."""

import hashlib

import numpy as np
import pandas as pd

from volcast.pipeline.data.contract.bar_table import NUMBER_COLUMNS


def compute_content_hashes(bars: pd.DataFrame) -> dict[str, str]:
    """Return the SHA-256 of each ticker's sessions and numbers, in the order of the rows.

    The file format and the name of the ticker do not enter it.

    Parameters
    ----------
    bars
        A bar table.

    Examples
    --------
    >>> import pandas as pd
    >>> from volcast.pipeline.data.contract.bar_table import to_bar_table
    >>> prices = {"open": [1.0], "high": [2.0], "low": [1.0], "close": [2.0]}
    >>> day = pd.Timestamp("2024-01-02")
    >>> bars = to_bar_table(pd.DataFrame({"ticker": "SPY", "session": [day], **prices}))
    >>> compute_content_hashes(bars)["SPY"][:12]
    'd4633dec4672'
    """
    days = bars["session"].to_numpy("datetime64[D]").astype("<i8")
    numbers = np.ascontiguousarray(bars[list(NUMBER_COLUMNS)].to_numpy("<f8"))
    numbers = np.where(np.isnan(numbers), np.nan, numbers)  # a NaN has many bit patterns
    return {
        str(ticker): hashlib.sha256(days[rows].tobytes() + numbers[rows].tobytes()).hexdigest()
        for ticker, rows in sorted(bars.groupby("ticker", sort=False).indices.items())
    }
