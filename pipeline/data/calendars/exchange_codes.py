"""The exchange calendar for each exchange code in a ticker, by the vendor that writes it so.

Exchanges that exchange_calendars lacks have the next best calendar (`exchange_calendar.NEXT_BEST`),
or every weekday: Caracas and Vietnam.
"""

from volcast.pipeline.data.calendars.exchange_calendar import WEEKDAYS

FUTURES = "CMES"

# Calendar to the suffixes after a point: Yahoo's (https://help.yahoo.com/kb/SLN2310.html), then
# those that only Stooq, Reuters or EODHD write.
SUFFIXES = {
    "XNYS": "US N O OQ K PK P PQ",
    FUTURES: "CBT CME CMX NYM NYB",
    "XTSE": "TO V CN NE NEO",
    "XMEX": "MX", "BVMF": "SA", "XBUE": "BA", "XSGO": "SN", "XBOG": "CL", "XLIM": "LM LIM",
    "XLON": "L IL UK XC LSE", "XDUB": "IR I", "XETR": "DE BE BM HA MU XETRA", "XFRA": "F",
    "XDUS": "DU",
    "XHAM": "HM", "XSTU": "SG STU", "XPAR": "PA NX", "XAMS": "AS XD", "XBRU": "BR", "XLIS": "LS",
    "XMIL": "MI TI", "XMAD": "MC", "XSWX": "SW S VX", "XWBO": "VI", "XSTO": "ST", "XCSE": "CO",
    "XHEL": "HE", "XOSL": "OL", "XICE": "IC", "XTAL": "TL", "XRIS": "RG", "XLIT": "VS",
    "XWAR": "WA PL WAR", "XPRA": "PR CZ", "XBUD": "BUD BD BU HU", "ASEX": "AT", "XIST": "IS",
    "XBSE": "RO BX", "XMOS": "ME MM", "XZAG": "ZA", "XLJU": "LJ", "XBEL": "BEL", "XCYS": "CY",
    "XLUX": "LU",
    "XJSE": "JO J JSE", "XTAE": "TA", "XSAU": "SR SE SAU",
    "XKUW": "KW", "DSMD": "QA", "XCAI": "CA", "XDFM": "AE AD",
    "XTKS": "T JP OS", "XHKG": "HK", "XSHG": "SS SZ SH SHG SHE", "XKRX": "KS KQ KO",
    "XTAI": "TW TWO",
    "XBOM": "NS BO NSE BSE", "XKAR": "KA", "XSES": "SI", "XBKK": "BK", "XIDX": "JK",
    "XKLS": "KL KLSE",
    "XPHS": "PS PSE", "XASX": "AX XA AU", "XNZE": "NZ",
    WEEKDAYS: "CR VN",
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
    "XJSE": "SJ", "XTAE": "IT", "XSAU": "AB",
    "XKUW": "KK", "DSMD": "QD", "XCAI": "EY", "XDFM": "UH DU",
    "XTKS": "JP JT", "XHKG": "HK", "XSHG": "CH CG CS C1 C2", "XKRX": "KS KP KQ", "XTAI": "TT",
    "XBOM": "IN IB IS", "XKAR": "PA", "XSES": "SP", "XBKK": "TB", "XIDX": "IJ", "XKLS": "MK",
    "XPHS": "PM", "XASX": "AU AT", "XNZE": "NZ", WEEKDAYS: "VN",
}  # fmt: skip
# Calendar to the names of indices: those of Yahoo and Stooq after "^", Reuters's after ".",
# Bloomberg's before "Index".
INDICES = {
    "XNYS": "GSPC SPX SPY DJI INDU IXIC CCMP NDX NDQ RUT RTY VIX VIX3M VIX9D VVIX VXN OEX NYA SOX "
    "TNX TYX FVX IRX GVZ OVX SKEW SPXEW W5000",
    "XLON": "FTSE FTMC FTAS UKX MCX FTM",
    "XETR": "GDAXI MDAXI TECDAX DAX MDAX SDAX SDAXI CDAX SDXP TDXP STOXX50E STOXX SX5E SXXP V2TX",
    "XPAR": "FCHI CAC SBF120 PX1", "XAMS": "AEX", "XBRU": "BFX BEL20", "XMAD": "IBEX",
    "XMIL": "FTSEMIB FTMIB FMIB", "XSWX": "SSMI SMI SSHI", "XSTO": "OMX OMXS OMXS30",
    "XHEL": "OMXH25 HEX", "XOSL": "OSEAX OBX", "XWBO": "ATX", "XWAR": "WIG WIG20 MWIG40 SWIG80",
    "XLIS": "PSI20", "ASEX": "ATG GD ATH", "XPRA": "PX", "XBUD": "BUX", "XBSE": "BET",
    "XICE": "ICEX", "XTAL": "OMXT", "XRIS": "OMXR", "XLIT": "OMXV", "XMOS": "RTS MOEX IMOEX",
    "XIST": "XU100 XU030", "XJSE": "JN0U JALSH", "XTAE": "TA125 TA35 TA25",
    "XSAU": "TASI SASEIDX TDWL",
    "XTKS": "N225 NKY NKX TOPX TPX", "XHKG": "HSI HSCE HSCEI",
    "XSHG": "SSEC SSE SHC SHBS SHCOMP CSI300 000300 000001",
    "XKRX": "KS11 KQ11 KS200 KOSPI KOSPI2", "XTAI": "TWII TWSE", "XSES": "STI", "XIDX": "JKSE JCI",
    "XKLS": "KLSE KLCI FBMKLCI", "XBKK": "SETI SET", "XPHS": "PSI PSEI PCOMP",
    "XBOM": "NSEI BSESN NIFTY SENSEX SNX NSEBANK INDIAVIX", "XASX": "AXJO AORD AOR AS51 XJO",
    "XNZE": "NZ50", "XTSE": "GSPTSE SPTSX TSX", "XMEX": "MXX MEXBOL IPC",
    "BVMF": "BVSP IBOV BVP", "XBUE": "MERV MERVAL MRV", "XSGO": "IPSA",
}  # fmt: skip
# Those that no stock or fund is named like, so that they need no sign; and names in words.
PLAIN_INDICES = """
    FTSE GDAXI MDAXI TECDAX STOXX50E FCHI SBF120 FTSEMIB OMXS30 OMXH25 OSEAX WIG20 MWIG40 SWIG80
    XU100 XU030 JALSH TA125 TA35 TASI N225 SHCOMP CSI300 KOSPI TWII JKSE KLSE NSEI BSESN NIFTY
    SENSEX NSEBANK INDIAVIX AXJO AORD GSPTSE MEXBOL BVSP IBOV MERVAL IMOEX HSCEI SASEIDX
"""
INDEX_WORDS = {
    "FTSE 100": "XLON", "FTSE 250": "XLON", "EURO STOXX 50": "XETR", "STOXX 600": "XETR",
    "CAC 40": "XPAR", "IBEX 35": "XMAD", "FTSE MIB": "XMIL", "BEL 20": "XBRU", "PSI 20": "XLIS",
    "OMX STOCKHOLM 30": "XSTO", "OMXS 30": "XSTO", "NIKKEI 225": "XTKS", "NIKKEI": "XTKS",
    "TOPIX": "XTKS", "HANG SENG": "XHKG", "SHANGHAI": "XSHG", "SHANGHAI COMPOSITE": "XSHG",
    "CSI 300": "XSHG", "SZSE COMPONENT": "XSHG", "NIFTY 50": "XBOM", "NIFTY BANK": "XBOM",
    "BSE SENSEX 30": "XBOM", "S&P_ASX 200": "XASX", "S&P ASX 200": "XASX", "S&P_TSX": "XTSE",
    "BOVESPA": "BVMF", "BIST 100": "XIST", "TA 35": "XTAE", "TADAWUL ALL SHARE": "XSAU",
    "KOSPI 200": "XKRX", "TAIWAN WEIGHTED": "XTAI", "JAKARTA STOCK EXCHANGE COMPOSITE": "XIDX",
    "MOEX RUSSIA": "XMOS", "SWISS MARKET INDEX": "XSWX",
}  # fmt: skip


def _invert(codes: dict[str, str]) -> dict[str, str]:
    return {code: name for name, own in codes.items() for code in own.split()}


CALENDAR_BY_SUFFIX = _invert(SUFFIXES)
CALENDAR_BY_BLOOMBERG_CODE = _invert(BLOOMBERG_CODES)
CALENDAR_BY_INDEX = _invert(INDICES)
CALENDAR_BY_PLAIN_NAME = {
    **{name: CALENDAR_BY_INDEX[name] for name in PLAIN_INDICES.split()},
    **INDEX_WORDS,
    "DXY": WEEKDAYS,
}
