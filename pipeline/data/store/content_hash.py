"""A fingerprint of each ticker's bars: equal if and only if the numbers are."""

import hashlib

import numpy as np
import pandas as pd

from volcast.pipeline.data.contract.source import NUMBER_COLUMNS


def content_hashes(bars: pd.DataFrame) -> dict[str, str]:
    """Return the SHA-256 of each ticker's sessions and numbers, in the order of the rows.

    How they are stored, and the name of the ticker, make no difference.
    """
    days = bars["session"].to_numpy("datetime64[D]").astype("<i8")
    numbers = np.ascontiguousarray(bars[list(NUMBER_COLUMNS)].to_numpy("<f8"))
    numbers = np.where(np.isnan(numbers), np.nan, numbers)  # a NaN has many bit patterns
    return {
        str(ticker): hashlib.sha256(days[rows].tobytes() + numbers[rows].tobytes()).hexdigest()
        for ticker, rows in sorted(bars.groupby("ticker", sort=False).indices.items())
    }
