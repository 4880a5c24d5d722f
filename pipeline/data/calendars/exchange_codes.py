"""The exchange calendar for each exchange code in a ticker, by the vendor that writes it so.

Exchanges that exchange_calendars lacks have the next best calendar, with the same week: Kuwait,
Qatar and Egypt that of Saudi Arabia, Dubai, Abu Dhabi, Caracas and Vietnam every weekday.
"""

from volcast.pipeline.data.calendars.exchange_calendar import WEEKDAYS

FUTURES = "CMES"

# Calendar to the suffixes after a point: Yahoo's (https://help.yahoo.com/kb/SLN2310.html), then
# those that only Stooq or Reuters write.
SUFFIXES = {
    "XNYS": "US N O OQ K PK P PQ",
    FUTURES: "CBT CME CMX NYM NYB",
    "XTSE": "TO V CN NE",
    "XMEX": "MX", "BVMF": "SA", "XBUE": "BA", "XSGO": "SN", "XBOG": "CL", "XLIM": "LM",
    "XLON": "L IL UK", "XDUB": "IR I", "XETR": "DE BE BM HA MU", "XFRA": "F", "XDUS": "DU",
    "XHAM": "HM", "XSTU": "SG", "XPAR": "PA NX", "XAMS": "AS", "XBRU": "BR", "XLIS": "LS",
    "XMIL": "MI TI", "XMAD": "MC", "XSWX": "SW S VX", "XWBO": "VI", "XSTO": "ST", "XCSE": "CO",
    "XHEL": "HE", "XOSL": "OL", "XICE": "IC", "XTAL": "TL", "XRIS": "RG", "XLIT": "VS",
    "XWAR": "WA PL", "XPRA": "PR CZ", "XBUD": "BUD BD BU HU", "ASEX": "AT", "XIST": "IS",
    "XBSE": "RO BX", "XMOS": "ME MM", "XZAG": "ZA", "XLJU": "LJ", "XBEL": "BEL", "XCYS": "CY",
    "XLUX": "LU",
    "XJSE": "JO J", "XTAE": "TA", "XSAU": "SR SE KW QA CA",
    "XTKS": "T JP OS", "XHKG": "HK", "XSHG": "SS SZ SH", "XKRX": "KS KQ", "XTAI": "TW TWO",
    "XBOM": "NS BO", "XKAR": "KA", "XSES": "SI", "XBKK": "BK", "XIDX": "JK", "XKLS": "KL",
    "XPHS": "PS", "XASX": "AX", "XNZE": "NZ",
    WEEKDAYS: "AE AD CR VN",
}  # fmt: skip
# Calendar to Bloomberg's codes, the second word of "VOD LN Equity".
BLOOMBERG_CODES = {
    "XNYS": "US UN UW UQ UA UP UR UF UV",
    "XTSE": "CN CT CV", "XMEX": "MM MF", "BVMF": "BZ BS", "XBUE": "AR AF", "XSGO": "CI CC",
    "XBOG": "CB CX", "XLIM": "PE PP",
    "XLON": "LN LI", "XDUB": "ID", "XETR": "GR GY", "XFRA": "GF", "XPAR": "FP", "XAMS": "NA",
    "XBRU": "BB", "XLIS": "PL", "XMIL": "IM", "XMAD": "SM SQ", "XSWX": "SW SE VX", "XWBO": "AV",
    "XSTO": "SS", "XCSE": "DC", "XHEL": "FH", "XOSL": "NO", "XICE": "IR", "XWAR": "PW",
    "XPRA": "CP CK", "XBUD": "HB", "ASEX": "GA", "XIST": "TI", "XBSE": "RO RE", "XMOS": "RM RX",
    "XJSE": "SJ", "XTAE": "IT", "XSAU": "AB KK QD EY",
    "XTKS": "JP JT", "XHKG": "HK", "XSHG": "CH CG CS C1 C2", "XKRX": "KS KP KQ", "XTAI": "TT",
    "XBOM": "IN IB IS", "XKAR": "PA", "XSES": "SP", "XBKK": "TB", "XIDX": "IJ", "XKLS": "MK",
    "XPHS": "PM", "XASX": "AU AT", "XNZE": "NZ", WEEKDAYS: "UH DU VN",
}  # fmt: skip
# Calendar to the names of indices: Yahoo's after "^", Reuters's after ".", Bloomberg's before
# "Index".
INDICES = {
    "XNYS": "GSPC SPX SPY DJI INDU IXIC CCMP NDX RUT RTY VIX VIX3M VIX9D VVIX VXN OEX NYA SOX TNX "
    "TYX FVX IRX GVZ OVX SKEW SPXEW W5000",
    "XLON": "FTSE FTMC FTAS UKX MCX", "XETR": "GDAXI MDAXI TECDAX DAX STOXX50E STOXX "
    "SX5E SXXP V2TX",
    "XPAR": "FCHI CAC SBF120 PX1", "XAMS": "AEX", "XBRU": "BFX BEL20", "XMAD": "IBEX",
    "XMIL": "FTSEMIB FTMIB", "XSWX": "SSMI SMI SSHI", "XSTO": "OMX OMXS30", "XHEL": "OMXH25",
    "XOSL": "OSEAX OBX", "XWBO": "ATX", "XWAR": "WIG WIG20", "XLIS": "PSI20", "ASEX": "ATG GD",
    "XIST": "XU100 XU030", "XJSE": "JN0U JALSH", "XTAE": "TA125 TA35 TA25", "XSAU": "TASI SASEIDX",
    "XTKS": "N225 NKY TOPX TPX", "XHKG": "HSI HSCE HSCEI", "XSHG": "SSEC SSE SHCOMP CSI300 000300",
    "XKRX": "KS11 KQ11 KS200 KOSPI KOSPI2", "XTAI": "TWII TWSE", "XSES": "STI", "XIDX": "JKSE JCI",
    "XKLS": "KLSE FBMKLCI", "XBKK": "SETI", "XPHS": "PSI PCOMP", "XBOM": "NSEI BSESN NIFTY SENSEX "
    "NSEBANK INDIAVIX", "XASX": "AXJO AORD AS51 XJO", "XNZE": "NZ50", "XTSE": "GSPTSE SPTSX",
    "XMEX": "MXX MEXBOL", "BVMF": "BVSP IBOV", "XBUE": "MERV MERVAL", "XSGO": "IPSA",
}  # fmt: skip


def _invert(codes: dict[str, str]) -> dict[str, str]:
    return {code: name for name, own in codes.items() for code in own.split()}


CALENDAR_BY_SUFFIX = _invert(SUFFIXES)
CALENDAR_BY_BLOOMBERG_CODE = _invert(BLOOMBERG_CODES)
CALENDAR_BY_INDEX = _invert(INDICES)
