"""Real prices without a network: two indices, 1999 to 2018, and the VIX, 1990 to 2018.

The indices are part of the arch package, the VIX is beside this file (vix/README.md).
"""

from collections.abc import Callable
from importlib import resources
from importlib.util import find_spec
from pathlib import Path

import pandas as pd

from volcast.pipeline.data.contract.source import Download, Request, build_download

VIX = "^VIX"
INDICES = {"^GSPC": "sp500", "^IXIC": "nasdaq"}  # their folders in arch.data
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
        return load_with_vix(request, _load_indices)


def load_with_vix(request: Request, load: Callable[[], pd.DataFrame]) -> Download:
    """Return the requested bars of `load`, and those of the VIX if it is requested by its name.

    The VIX is an input: without a ticker in the request it is left out.
    """
    parts = [_load_vix()] if request.tickers else []
    if set(request.tickers) != {VIX}:
        parts.append(load())
    return build_download(request, pd.concat(parts, ignore_index=True))


def _load_indices() -> pd.DataFrame:
    # To import arch takes a second, to find its folder does not.
    arch = find_spec("arch")
    if arch is None or arch.origin is None:
        raise ImportError("the indices are part of the package arch; install it: pip install arch")
    folder = Path(arch.origin).parent
    parts = [
        pd.read_csv(folder / "data" / name / f"{name}.csv.gz", parse_dates=["Date"])
        .rename(columns=COLUMN_NAMES)
        .assign(ticker=ticker)
        for ticker, name in INDICES.items()
    ]
    return pd.concat(parts, ignore_index=True)


def _load_vix() -> pd.DataFrame:
    with resources.as_file(resources.files(__package__) / "vix" / "vix_daily.csv.gz") as file:
        table = pd.read_csv(file, parse_dates=["date"])
    return table.rename(columns={"date": "session"}).assign(ticker=VIX)
