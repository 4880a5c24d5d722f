"""Names of what no exchange lists: pairs of coins, which never rest, of currencies, and futures."""

import re

COIN_NAMES = """
    BTC XBT ETH LTC XRP BCH BSV EOS ADA DOT SOL BNB DOGE SHIB AVAX MATIC POL LINK UNI ATOM XLM
    XMR TRX ETC ALGO VET FIL AAVE ICP NEAR APT ARB OP SUI TON PEPE XTZ ZEC DASH NEO IOTA MKR
    COMP SAND MANA AXS FTM CRO HBAR EGLD THETA INJ LDO RUNE GRT SNX CRV SUSHI YFI ZRX BAT ENJ
    CHZ KSM WAVES QTUM OMG ONT ICX LUNA LUNC USTC DAI WBTC STETH USDT USDC
"""
CURRENCY_NAMES = """
    USD EUR GBP JPY CHF AUD CAD NZD SEK NOK DKK PLN CZK HUF RON TRY RUB ZAR MXN BRL ARS CLP
    COP INR CNY CNH HKD SGD KRW TWD THB IDR MYR PHP ILS SAR AED XAU XAG XPT XPD
"""
# Of CME, CBOT, NYMEX, COMEX, CBOE and ICE, without their months.
ROOT_NAMES = """
    ES MES NQ MNQ YM MYM RTY M2K CL MCL NG HO RB BZ GC MGC SI SIL HG PL PA ZC ZS ZW ZM ZL ZO
    KE LE GF HE ZB UB ZN TN ZF ZT GE SR3 6E 6J 6B 6A 6C 6S 6N 6M BTC MBT ETH MET VX KC SB CC
    CT OJ DX
"""
COINS = frozenset(COIN_NAMES.split())
STABLE_COINS = frozenset(("USDT", "USDC", "BUSD", "FDUSD", "TUSD"))
CURRENCIES = frozenset(CURRENCY_NAMES.split())
FUTURES_ROOTS = frozenset(ROOT_NAMES.split())
VENDOR = re.compile(
    r"^(?:[XC]:|T(?=[A-Z]{6}$)|BINANCE:|BITSTAMP:|COINBASE:|KRAKEN:|BITFINEX:|BYBIT:|OKX:|CRYPTO:|"
    r"OANDA:|FX:|CME(?:_MINI)?:|CBOT(?:_MINI)?:|NYMEX:|COMEX:)"
)
ENDING = re.compile(
    r" CURNCY$|\.CC$|\.FOREX$|\.P$|:USD[TC]$|[-_]?PERP$|=$"
)  # of vendors and of contracts
BROKER = re.compile(r"^([A-Z]{6})(?:\.?(?:M|A|C|E|I|R|PRO|RAW|ECN)|[+#])$")  # MetaTrader's brokers
KRAKEN = re.compile(r"^X(?P<base>[A-Z]{3})Z(?P<quote>[A-Z]{3})$")
PARTED = re.compile(r"^([A-Z0-9]{2,10})[-/_]([A-Z]{3,5})$")
RUN_TOGETHER = re.compile(r"^[A-Z0-9]{2,10}(?:USDT|USDC|BUSD|FDUSD)(?:\.P|PERP)?$")
CONTRACT = re.compile(
    r"^[/@]?(?P<root>[A-Z0-9]{1,3}?)(?:=F|_F|#|C\d{1,2}|\d!|[12] (?:COMDTY|INDEX)|\.F|"
    r"[FGHJKMNQUVXZ]\d{1,2}|[FGHJKMNQUVXZ]20\d\d)$|^/(?P<alone>[A-Z0-9]{2,3})$"
)


def is_coin_pair(name: str) -> bool:
    """Return whether a name in capitals is a pair of coins, or of a coin and a currency.

    Examples
    --------
    >>> [is_coin_pair(name) for name in ("BTCUSDT", "BTC/USD", "ETHBTC", "SOL-EUR", "EURUSD")]
    [True, True, True, True, False]
    """
    bare = ENDING.sub("", VENDOR.sub("", name))
    if name != bare and (bare in COINS or bare.removesuffix("-") in COINS):
        return True
    if kraken := KRAKEN.match(bare):
        bare = kraken["base"] + kraken["quote"]
    parted = PARTED.match(bare)
    if parted:
        base, quote = parted.groups()
        return (base in COINS and quote in COINS | CURRENCIES) or quote in STABLE_COINS
    if bare.endswith(".V") and bare[:-2] in COINS:  # Stooq's suffix; Toronto Venture's elsewhere
        return True
    if RUN_TOGETHER.match(bare):
        return True
    return any(bare.startswith(coin) and bare[len(coin) :] in COINS | CURRENCIES for coin in COINS)


def is_currency_pair(name: str) -> bool:
    """Return whether a name in capitals is a pair of currencies, or one against the dollar.

    Examples
    --------
    >>> [is_currency_pair(name) for name in ("EURUSD=X", "EUR/USD", "XAUUSD", "EUR=", "ABCDEF")]
    [True, True, True, True, False]
    """
    if name.endswith("=X"):
        return True
    bare = ENDING.sub("", VENDOR.sub("", name)).removesuffix("=")
    if name != bare and bare in CURRENCIES:
        return True
    broker = BROKER.match(bare)
    letters = broker[1] if broker else re.sub(r"[-/_ .]", "", bare)
    return len(letters) == 6 and letters[:3] in CURRENCIES and letters[3:] in CURRENCIES


def is_future(name: str) -> bool:
    """Return whether a name in capitals is a futures contract.

    Examples
    --------
    >>> [is_future(name) for name in ("ES=F", "CLC1", "ES1!", "ES1 INDEX", "CL.F", "BMW.F")]
    [True, True, True, True, True, False]
    """
    if name.endswith(("=F", " COMDTY")):
        return True
    found = CONTRACT.match(VENDOR.sub("", name))
    return found is not None and (found["root"] or found["alone"]) in FUTURES_ROOTS
