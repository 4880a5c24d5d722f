"""What a table looks like, by the names in its header; shown to the user, nothing depends on it."""

from collections.abc import Sequence

from volcast.pipeline.data.tables.layout import Layout
from volcast.pipeline.data.tables.synonyms import simplify

# The first of these whose names all stand in the header; simplified, unless they have signs.
SHAPES: tuple[tuple[str, frozenset[str]], ...] = (
    ("CryptoDataDownload-like", frozenset({"unix", "symbol"})),
    ("Polygon-like", frozenset({"windowstart"})),
    ("Binance-like", frozenset({"opentime"})),
    ("Nasdaq.com-like", frozenset({"closelast"})),
    ("Yahoo page copy", frozenset({"Close*"})),
    ("Alpha Vantage-like", frozenset({"4. close"})),
    ("Alpha Vantage-like", frozenset({"timestamp", "adjustedclose"})),
    ("Stooq-like", frozenset({"<PER>"})),
    ("MetaTrader-like", frozenset({"<CLOSE>"})),
    ("Bloomberg-like", frozenset({"pxlast"})),
    ("NSE-like", frozenset({"prevclose", "close"})),
    ("Stooq-like", frozenset({"data", "otwarcie", "zamkniecie"})),
    ("Investing.com-like", frozenset({"price", "change"})),
    ("Investing.com-like", frozenset({"zuletzt"})),
    ("Investing.com-like", frozenset({"dernier", "variation"})),
    ("Investing.com-like", frozenset({"ostatnio"})),
    ("Investing.com-like", frozenset({"ultimo", "vol"})),
    ("FRED-like", frozenset({"observationdate"})),
    ("Yahoo-like", frozenset({"date", "open", "high", "low", "close", "adjclose", "volume"})),
)
ENCODING_NAMES = {"cp1252": "Windows-1252", "cp1250": "Windows-1250", "cp1251": "Windows-1251"}
SEPARATOR_NAMES = {";": "semicolons", "\t": "tabs", "|": "bars"}


def name_shape(header: Sequence[Sequence[str]], *, side_by_side: bool) -> str:
    """Return what a table is like, in a word or two.

    Examples
    --------
    >>> names = ["Date", "Price", "Open", "High", "Low", "Vol.", "Change %"]
    >>> name_shape([names], side_by_side=False)
    'Investing.com-like'
    """
    names = {name for row in header for cell in row for name in (cell.strip(), simplify(cell))}
    if len(header) > 1 and side_by_side:
        return "yfinance-like"
    return next((shape for shape, wanted in SHAPES if wanted <= names), "plain table")


def describe_text(layout: Layout, encoding: str) -> list[str]:
    """Return what is unusual in a text: its encoding, its separator."""
    found = [ENCODING_NAMES.get(encoding, encoding)] if encoding else []
    if layout.without_header:
        found.append(f"no header, so taken as {' '.join(filter(None, layout.header[0]))}")
    if layout.separator in SEPARATOR_NAMES:
        found.append(SEPARATOR_NAMES[layout.separator])
    return found
