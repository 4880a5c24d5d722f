"""Write the files of the source sample-stocks from the raw ones.

Usage: python -m tests.pipeline.data.sources.generate_stocks BARS.parquet FILINGS.csv FOLDER

BARS has the columns symbol, date, open, high, low, close and volume, FILINGS symbol and date; where
they are from is in pipeline/data/sources/stocks/README.md. No value is changed.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

from volcast.pipeline.files import write_file, write_frame

SYMBOLS = {
    "information technology": ("AAPL", "IBM", "INTC", "MSFT", "NVDA"),
    "consumer discretionary": ("AMZN", "HD", "MCD", "NFLX", "NKE"),
    "health care": ("AMGN", "JNJ", "PFE", "UNH"),
    "financials": ("AXP", "BAC", "GS", "V"),
    "energy": ("CVX", "SLB", "XOM"),
    "industrials": ("BA", "CAT", "MMM"),
    "consumer staples": ("PG", "WMT"),
    "materials": ("FCX",),
    "real estate": ("SPG",),
    "telecommunication": ("VZ",),
    "utilities": ("NEE",),
}
LONGEST_QUARTER = 115  # days between two filings of results; more means that one is missing
BARS, DATES = "bars.parquet", "report_dates.csv"


def select_bars(raw: pd.DataFrame) -> pd.DataFrame:
    """Return the bars of `SYMBOLS`; ``ValueError`` if one lacks sessions."""
    own = raw[raw["symbol"].isin(list_symbols())].rename(
        columns={"symbol": "ticker", "date": "session"}
    )
    counts = own.groupby("ticker")["session"].nunique().reindex(list_symbols(), fill_value=0)
    short = counts[counts < raw["date"].nunique()]
    if len(short):
        raise ValueError(f"every symbol must have all sessions; {short.to_dict()} have fewer")
    return own.sort_values(["ticker", "session"], ignore_index=True)


def select_dates(raw: pd.DataFrame, first: pd.Timestamp) -> pd.DataFrame:
    """Return the filings of `SYMBOLS` from a day on; ``ValueError`` if one of a quarter is missing.

    They are marked as records of what happened, of which it is not known when their day was
    announced.
    """
    chosen = raw["symbol"].isin(list_symbols()) & (raw["date"] >= first)
    own = raw[chosen].sort_values(["symbol", "date"], ignore_index=True)
    longest = own.groupby("symbol")["date"].apply(lambda days: days.diff().dt.days.max())
    wrong = set(list_symbols()) - set(longest[longest <= LONGEST_QUARTER].index)
    if wrong:
        raise ValueError(f"a filing of results is missing of {sorted(wrong)}")
    return pd.DataFrame(
        {
            "ticker": own["symbol"],
            "date": own["date"].dt.strftime("%Y-%m-%d"),
            "source": "sample-stocks",
            "authoritative": "true",
        }
    )


def list_symbols() -> list[str]:
    """Return the symbols in alphabetical order."""
    return sorted(symbol for symbols in SYMBOLS.values() for symbol in symbols)


def write_stocks(raw_bars: Path, raw_filings: Path, folder: Path) -> None:
    """Write both files into a folder."""
    bars = select_bars(pd.read_parquet(raw_bars))
    filings = pd.read_csv(raw_filings, parse_dates=["date"])
    write_frame(folder / DATES, select_dates(filings, bars["session"].min()))
    write_file(
        folder / BARS,
        lambda path: bars.to_parquet(path, index=False, compression="zstd", compression_level=22),
    )


if __name__ == "__main__":
    write_stocks(*map(Path, sys.argv[1:]))
