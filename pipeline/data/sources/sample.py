"""Real prices without a network: two indices, 1999 to 2018, part of the arch package."""

import pandas as pd

from volcast.pipeline.data.contract.source import Download, Request, build_download

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
    """The S&P 500 (``^GSPC``) and the Nasdaq Composite (``^IXIC``), daily, 1999 to 2018."""

    def load(self, request: Request) -> Download:
        """Return the requested bars; both indices when no ticker is named. See `Source.load`."""
        # arch takes a second to import
        import arch.data.nasdaq
        import arch.data.sp500

        frames = {"^GSPC": arch.data.sp500.load(), "^IXIC": arch.data.nasdaq.load()}
        parts = [
            frame.reset_index().rename(columns=COLUMN_NAMES).assign(ticker=ticker)
            for ticker, frame in frames.items()
        ]
        return build_download(request, pd.concat(parts, ignore_index=True))
