"""Real prices of stocks without a network: 30 large US companies, 2013 to 2018.

The files are beside this one; stocks/README.md says where they are from.
"""

from importlib import resources

import pandas as pd

from volcast.pipeline.data.contract.source import Download, Request, build_download
from volcast.pipeline.data.sources.sample import VIX, load_vix


class SampleStocksSource:
    """30 stocks of the S&P 500, and the VIX (``^VIX``)."""

    def load(self, request: Request) -> Download:
        """Return the requested bars; those of all stocks when no ticker is named.

        See `Source.load`.
        """
        parts = []
        if request.tickers:  # the VIX is an input: it is forecast only if it is named
            parts.append(load_vix())
        if set(request.tickers) != {VIX}:
            parts.append(_load_stocks())
        return build_download(request, pd.concat(parts, ignore_index=True))


def _load_stocks() -> pd.DataFrame:
    with resources.as_file(resources.files(__package__) / "stocks" / "bars.parquet") as file:
        return pd.read_parquet(file)
