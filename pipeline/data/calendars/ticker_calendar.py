"""The exchange calendar that a ticker trades by, from its name at Yahoo or another vendor."""

from volcast.pipeline.data.calendars.exchange_calendar import (
    ALWAYS_OPEN,
    NEXT_BEST,
    WEEKDAYS,
    load_exchange_calendar,
)
from volcast.pipeline.data.calendars.exchange_codes import (
    CALENDAR_BY_BLOOMBERG_CODE,
    CALENDAR_BY_INDEX,
    CALENDAR_BY_PLAIN_NAME,
    CALENDAR_BY_SUFFIX,
    FUTURES,
)
from volcast.pipeline.data.calendars.pair_names import is_coin_pair, is_currency_pair, is_future

DEFAULT_CALENDAR = "XNYS"
COIN_QUOTES = ("-USD", "-EUR", "-GBP", "-JPY", "-BTC", "-ETH", "-USDT")  # at Yahoo, of any coin
BLOOMBERG_CLASSES = ("EQUITY", "INDEX", "CURNCY", "COMDTY", "GOVT", "CORP")


def find_calendar(ticker: str, default: str | None = None) -> str:
    """Return the name of the calendar that a ticker trades by.

    Parameters
    ----------
    ticker
        As Yahoo, Stooq, Bloomberg, Reuters or a crypto exchange names it: ``VOD.L``, ``VOD LN
        Equity`` and ``vod.uk`` are London, ``BTC-USD``, ``BTCUSDT`` and ``BTC/USD`` never close,
        ``EURUSD=X`` and ``EURUSD`` trade on weekdays, ``ES=F`` is a future, ``^N225`` is Tokyo.
        Upper and lower case are the same.
    default
        The calendar of a ticker whose name does not identify an exchange; New York if None.

    Returns
    -------
    A name of exchange_calendars, aliases resolved.

    Raises
    ------
    ConfigError
        When ``default`` is used and exchange_calendars has no such calendar.

    Examples
    --------
    >>> find_calendar("VOD.L"), find_calendar("BTC-USD"), find_calendar("SPY")
    ('XLON', '24/7', 'XNYS')
    >>> find_calendar("7203", default="XTKS")
    'XTKS'
    """
    found = _read_name(ticker.strip().upper())
    if found:
        return found
    if default is None:
        return DEFAULT_CALENDAR
    return default if default in NEXT_BEST else str(load_exchange_calendar(default).name)


def _read_name(name: str) -> str | None:
    """Return the calendar that a name in capitals says; None if it says none."""
    words = name.split()
    if len(words) > 1 and words[-1] == "INDEX" and words[0] in CALENDAR_BY_INDEX:
        return CALENDAR_BY_INDEX[words[0]]
    if name[:1] in ("^", ".") and name[1:] in CALENDAR_BY_INDEX:
        return CALENDAR_BY_INDEX[name[1:]]
    if name in CALENDAR_BY_PLAIN_NAME:
        return CALENDAR_BY_PLAIN_NAME[name]
    if name.endswith(COIN_QUOTES) or is_coin_pair(name):
        return ALWAYS_OPEN
    if is_future(name):
        return FUTURES
    if is_currency_pair(name):
        return WEEKDAYS
    if len(words) == 2 or (len(words) == 3 and words[2] in BLOOMBERG_CLASSES):
        return CALENDAR_BY_BLOOMBERG_CODE.get(words[1])
    head, point, suffix = name.rpartition(".")
    return CALENDAR_BY_SUFFIX.get(suffix) if point and head else None
