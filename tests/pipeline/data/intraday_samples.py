"""Made-up intraday bars on the hours of an exchange."""

import numpy as np
import pandas as pd

from volcast.pipeline.data.calendars.opening_hours import session_hours


def make_intraday(
    calendar="XNYS", first="2024-03-04", last="2024-03-15", spacing=5, seed=0
) -> pd.DataFrame:
    """Bars of a random walk with nights, ``timestamp`` in UTC; none in a break."""
    rng, price, parts = np.random.default_rng(seed), np.log(100.0), []
    hours = session_hours(calendar, pd.Timestamp(first), pd.Timestamp(last))
    for row in hours.itertuples():
        begins = pd.date_range(row.opens, row.closes, freq=f"{spacing}min", inclusive="left")
        if not pd.isna(row.break_starts):
            begins = begins[(begins < row.break_starts) | (begins >= row.break_ends)]
        path = price + rng.normal(0, 0.005) + np.cumsum(rng.normal(0, 0.001, len(begins) + 1))
        opened, closed, price = np.exp(path[:-1]), np.exp(path[1:]), path[-1]
        parts.append(
            pd.DataFrame(
                {
                    "timestamp": begins,
                    "open": opened,
                    "high": np.maximum(opened, closed),
                    "low": np.minimum(opened, closed),
                    "close": closed,
                    "volume": rng.integers(1, 99, len(begins)).astype(float),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)
