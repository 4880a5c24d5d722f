"""Real prices without a network: two indices, 1999 to 2018, and the VIX, 1990 to 2018.

The indices are part of the arch package, the VIX is beside this file (vix/README.md).
"""

from importlib import resources

import pandas as pd

from volcast.pipeline.data.contract.source import Download, Request, build_download

VIX = "^VIX"
COLUMN_NAMES = {
    "Date": "session",
    "Open": "open",
    "High": "high",
    "Low": "low",
    "Close": "close",
    "Adj Close": "adj_close",
    "Volume": "volume",
}


class SampleSource:
    """The S&P 500 (``^GSPC``) and the Nasdaq Composite (``^IXIC``), and the VIX (``^VIX``)."""

    def load(self, request: Request) -> Download:
        """Return the requested bars; both indices when no ticker is named. See `Source.load`."""
        parts = []
        if request.tickers:  # the VIX is an input: it is forecast only if it is named
            parts.append(load_vix())
        if set(request.tickers) != {VIX}:
            parts += _load_indices()
        return build_download(request, pd.concat(parts, ignore_index=True))


def _load_indices() -> list[pd.DataFrame]:
    # arch takes a second to import
    import arch.data.nasdaq
    import arch.data.sp500

    frames = {"^GSPC": arch.data.sp500.load(), "^IXIC": arch.data.nasdaq.load()}
    return [
        frame.reset_index().rename(columns=COLUMN_NAMES).assign(ticker=ticker)
        for ticker, frame in frames.items()
    ]


def load_vix() -> pd.DataFrame:
    """Return the bars of the VIX."""
    with resources.as_file(resources.files(__package__) / "vix" / "vix_daily.csv.gz") as file:
        table = pd.read_csv(file, parse_dates=["date"])
    return table.rename(columns={"date": "session"}).assign(ticker=VIX)
