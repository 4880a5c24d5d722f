"""The exchange calendar that a ticker trades by, from its suffix or its index name at Yahoo."""

from volcast.pipeline.data.calendars.exchange_calendar import (
    ALWAYS_OPEN,
    WEEKDAYS,
    load_exchange_calendar,
)

DEFAULT_CALENDAR = "XNYS"

# Suffixes: https://help.yahoo.com/kb/SLN2310.html
CALENDAR_BY_SUFFIX = {
    ".AS": "XAMS", ".AX": "XASX", ".BA": "XBUE", ".BK": "XBKK", ".BO": "XBOM", ".BR": "XBRU",
    ".BUD": "XBUD", ".CO": "XCSE", ".DE": "XETR", ".DU": "XDUS", ".F": "XFRA", ".HE": "XHEL",
    ".HK": "XHKG", ".HM": "XHAM", ".IC": "XICE", ".IR": "XDUB", ".IS": "XIST", ".JK": "XIDX",
    ".JO": "XJSE", ".KL": "XKLS", ".KQ": "XKRX", ".KS": "XKRX", ".L": "XLON", ".LS": "XLIS",
    ".MC": "XMAD", ".MI": "XMIL", ".MX": "XMEX", ".NS": "XBOM", ".NZ": "XNZE", ".OL": "XOSL",
    ".PA": "XPAR", ".PR": "XPRA", ".RG": "XRIS", ".SA": "BVMF", ".SG": "XSTU", ".SI": "XSES",
    ".SN": "XSGO", ".SR": "XSAU", ".SS": "XSHG", ".ST": "XSTO", ".SW": "XSWX", ".SZ": "XSHG",
    ".T": "XTKS", ".TL": "XTAL", ".TO": "XTSE", ".TW": "XTAI", ".TWO": "XTAI", ".V": "XTSE",
    ".VI": "XWBO", ".VS": "XLIT", ".WA": "XWAR",
    "-BTC": ALWAYS_OPEN, "-ETH": ALWAYS_OPEN, "-EUR": ALWAYS_OPEN, "-GBP": ALWAYS_OPEN,
    "-JPY": ALWAYS_OPEN, "-USD": ALWAYS_OPEN, "-USDT": ALWAYS_OPEN, "=F": "CMES", "=X": WEEKDAYS,
}  # fmt: skip
CALENDAR_BY_INDEX = {
    "^AEX": "XAMS", "^AXJO": "XASX", "^BFX": "XBRU", "^BSESN": "XBOM", "^BVSP": "BVMF",
    "^DJI": "XNYS", "^FCHI": "XPAR", "^FTMC": "XLON", "^FTSE": "XLON", "^GDAXI": "XETR",
    "^GSPC": "XNYS", "^GSPTSE": "XTSE", "^HSI": "XHKG", "^IBEX": "XMAD", "^IXIC": "XNYS",
    "^KS11": "XKRX", "^MXX": "XMEX", "^N225": "XTKS", "^NDX": "XNYS", "^NSEI": "XBOM",
    "^NZ50": "XNZE", "^OMX": "XSTO", "^RUT": "XNYS", "^SSMI": "XSWX", "^STI": "XSES",
    "^STOXX50E": "XETR", "^TWII": "XTAI", "^VIX": "XNYS", "^VIX3M": "XNYS", "^VIX9D": "XNYS",
    "^VVIX": "XNYS", "^VXN": "XNYS",
}  # fmt: skip


def find_calendar(ticker: str, default: str | None = None) -> str:
    """Return the name of the calendar that a ticker trades by.

    Parameters
    ----------
    ticker
        As Yahoo names it: ``VOD.L`` is London, ``BTC-USD`` never closes, ``EURUSD=X`` trades on
        weekdays, ``^N225`` is Tokyo. Upper and lower case are the same.
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
    name = ticker.upper()
    if name in CALENDAR_BY_INDEX:
        return CALENDAR_BY_INDEX[name]
    cut = max(name.rfind(mark) for mark in ".-=")
    if cut > 0 and name[cut:] in CALENDAR_BY_SUFFIX:
        return CALENDAR_BY_SUFFIX[name[cut:]]
    if default is None:
        return DEFAULT_CALENDAR
    return str(load_exchange_calendar(default).name)
