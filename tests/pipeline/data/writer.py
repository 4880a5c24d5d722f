"""A process that adds one session after the other to a store until it is killed."""

import datetime as dt
import sys
from pathlib import Path

import pandas as pd

from volcast.pipeline.data.store.bar_log import VALUE_COLUMNS
from volcast.pipeline.data.store.store import Store

NOW = dt.datetime(2024, 2, 5, 22, tzinfo=dt.UTC)


def main() -> None:
    """Write; the close of a row is its number."""
    store = Store(Path(sys.argv[1]))
    while True:
        with store.locked("AAA"):
            number = len(store.log("AAA"))
            day = pd.DatetimeIndex([pd.Timestamp("2000-01-03") + pd.Timedelta(days=number)])
            row = pd.DataFrame(float(number), columns=list(VALUE_COLUMNS), index=day)
            store.append("AAA", row.rename_axis("session").assign(change="new"), fetched_at=NOW)


if __name__ == "__main__":
    main()
