"""The ticker in the name of a file, as exporting programs write it."""

import re
from pathlib import Path

TABLE_SUFFIXES = (".csv", ".tsv", ".txt", ".parquet", ".pq", ".feather", ".arrow")
PACKED_SUFFIXES = (".gz", ".bz2", ".xz", ".zip")
COPY = re.compile(r"(?: \(\d+\)| - Copy)$")  # of a browser, of Windows
TRADINGVIEW = re.compile(r"^(?P<exchange>[A-Z0-9]+)_(?P<ticker>[^,]+), (?:1D|D|1440)(?:_\w+)?$")
STOOQ = re.compile(r"^(?P<name>[\^a-z0-9.-]+)(?:_(?P<country>[a-z]{2}))?_d$")
INVESTING = (
    "Historical Data|(?:ETF |Futures )?Stock Price History|Historische Daten|Dados Históricos|"
    "Datos históricos|Dati Storici|Données Historiques"
)
# What programs write beside the ticker.
PATTERNS = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"^(?P<ticker>.+?) (?:{INVESTING})$",
        rf"^(?:{INVESTING}) (?:- )?(?P<ticker>.+)$",
        # MetaTrader 4 and 5, Kraken, Dukascopy.
        r"^(?P<ticker>[A-Z]{6}|\w+_)1440$",
        r"^(?P<ticker>.+)_(?:Daily|D1)(?:_\d{8,12}_\d{8,12})?$",
        r"^(?P<ticker>.+?)_Candlestick_1_D_(?:BID|ASK).*$",
        # Binance, freqtrade; Alpha Vantage; Nasdaq Data Link; Barchart; collections of Kaggle.
        r"^(?P<ticker>[A-Z0-9_]+)-1d(?:-\d{4}-\d\d(?:-\d\d)?)?$",
        r"^daily(?:_adjusted)?_(?P<ticker>.+)$",
        r"^(?:WIKI|EOD)-(?P<ticker>.+)$",
        r"^(?P<ticker>.+?)_(?:price-history|daily_historical-data)\S*$",
        r"^(?P<ticker>[A-Z0-9.^-]+)_(?:stock_)?(?:data|history|prices|historical)$",
    )
]
# TradingView's names of exchanges: those of America, of coins, currencies and futures without a
# suffix, then those of other countries with the suffixes of Yahoo.
NO_SUFFIX = """
    NASDAQ NYSE AMEX BATS OTC SP DJ CBOE TVC NASDAQDLY BINANCE BITSTAMP COINBASE KRAKEN BITFINEX
    BYBIT OKX CRYPTO GEMINI FX OANDA FXCM FOREXCOM PEPPERSTONE SAXO ICMARKETS CAPITALCOM CME CBOT
    NYMEX COMEX ICEUS
"""
WITH_SUFFIX = """
    LSE=L XETR=DE FWB=F SIX=SW MIL=MI BME=MC GPW=WA OMXSTO=ST OMXCOP=CO OMXHEX=HE OSL=OL VIE=VI
    ATHEX=AT BIST=IS TASE=TA TADAWUL=SR JSE=JO TSX=TO TSXV=V BMV=MX BMFBOVESPA=SA BCBA=BA NSE=NS
    BSE=BO TSE=T HKEX=HK SSE=SS SZSE=SZ KRX=KS TWSE=TW TPEX=TWO ASX=AX NZX=NZ SGX=SI SET=BK IDX=JK
    MYX=KL
"""
SUFFIX_OF_EXCHANGE = dict.fromkeys(NO_SUFFIX.split(), "") | dict(
    pair.split("=") for pair in WITH_SUFFIX.split()
)


def ticker_from_file(file: Path) -> str:
    """Return the ticker that a file is named after.

    Examples
    --------
    >>> [ticker_from_file(Path(name)) for name in ("BRK.B.csv.gz", "S&P 500 Historical Data.csv")]
    ['BRK.B', 'S&P 500']
    >>> [ticker_from_file(Path(name)) for name in ("XETR_SAP, 1D.csv", "aapl_us_d.csv")]
    ['SAP.DE', 'aapl.us']
    """
    name = COPY.sub("", strip_suffixes(file))
    if found := TRADINGVIEW.match(name):
        suffix = SUFFIX_OF_EXCHANGE.get(found["exchange"])
        if suffix is None:
            return f"{found['exchange']}:{found['ticker']}"
        return f"{found['ticker']}.{suffix}" if suffix else found["ticker"]
    if found := STOOQ.match(name):
        return f"{found['name']}.{found['country']}" if found["country"] else found["name"]
    matches = (pattern.match(name) for pattern in PATTERNS)
    return next((found["ticker"].strip("_") for found in matches if found), name)


def strip_suffixes(file: Path) -> str:
    """Return the name of a file without what says its type, also where it is packed."""
    name = file.name
    if Path(name).suffix.lower() in PACKED_SUFFIXES:
        name = name[: -len(Path(name).suffix)]
        if Path(name).suffix.lower() not in TABLE_SUFFIXES:
            return name
    return name[: len(name) - len(Path(name).suffix)]


def is_table(file: Path) -> bool:
    """Return whether the name of a file is that of a table, packed or not."""
    suffixes = [suffix.lower() for suffix in file.suffixes[-2:]]
    if suffixes and suffixes[-1] in PACKED_SUFFIXES:
        suffixes = suffixes[:-1] if len(suffixes) > 1 else [TABLE_SUFFIXES[0]]
    return bool(suffixes) and suffixes[-1] in TABLE_SUFFIXES and not file.name.startswith(".")
