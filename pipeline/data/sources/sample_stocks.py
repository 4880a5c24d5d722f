"""Real prices of stocks without a network: 30 large US companies, 2013 to 2018.

The files are beside this one; stocks/README.md says where they are from.
"""

from importlib import resources

import pandas as pd

from volcast.pipeline.data.contract.source import Download, Request
from volcast.pipeline.data.sources.sample import load_with_vix


class SampleStocksSource:
    """30 stocks of the S&P 500, and the VIX (``^VIX``)."""

    def load(self, request: Request) -> Download:
        """Return the requested bars; those of all stocks when no ticker is named.

        See `Source.load`.
        """
        return load_with_vix(request, _load_stocks)


def _load_stocks() -> pd.DataFrame:
    with resources.as_file(resources.files(__package__) / "stocks" / "bars.parquet") as file:
        return pd.read_parquet(file)
