"""The exchange calendar for each of Yahoo's exchange codes."""

from volcast.pipeline.data.calendars.exchange_calendar import ALWAYS_OPEN, WEEKDAYS

# ``exchangeName`` of a chart's ``meta``; for other codes the ticker's suffix decides.
CODES_BY_CALENDAR = {
    "XNYS": "NMS NGM NCM NAS NYQ NYS ASE PCX BTS BATS PNK OQB OQX OEM NIM SNP DJI WCB CXI",
    "CMES": "CME CMX CBT NYM",
    "XTSE": "TOR VAN CNQ NEO",
    "XMEX": "MEX", "BVMF": "SAO", "XBUE": "BUE", "XSGO": "SGO",
    "XLON": "LSE IOB FGI", "XDUB": "ISE DUB", "XETR": "GER", "XFRA": "FRA", "XDUS": "DUS",
    "XHAM": "HAM", "XPAR": "PAR ENX", "XAMS": "AMS", "XBRU": "BRU", "XLIS": "LIS", "XMIL": "MIL",
    "XMAD": "MCE", "XSWX": "EBS", "XWBO": "VIE", "XSTO": "STO", "XCSE": "CPH", "XHEL": "HEL",
    "XOSL": "OSL", "XICE": "ICE", "XWAR": "WSE", "XPRA": "PRA", "XBUD": "BUD", "XIST": "IST",
    "XJSE": "JNB", "XSAU": "SAU", "XTAE": "TLV", "ASEX": "ATH", "XMOS": "MCX", "XPHS": "PHS PHP",
    "XTKS": "JPX OSA TYO", "XHKG": "HKG HKSE", "XSHG": "SHH SHZ", "XKRX": "KSC KOE",
    "XTAI": "TAI TWO",
    "XBOM": "NSI BSE", "XSES": "SES", "XBKK": "SET", "XIDX": "JKT", "XKLS": "KLS",
    "XASX": "ASX", "XNZE": "NZE",
    ALWAYS_OPEN: "CCC", WEEKDAYS: "CCY",
}  # fmt: skip
CALENDAR_BY_EXCHANGE = {
    code: calendar for calendar, codes in CODES_BY_CALENDAR.items() for code in codes.split()
}
