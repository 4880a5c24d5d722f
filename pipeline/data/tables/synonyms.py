"""The names that columns have in the files of others, and those of the bar table.

To teach the reader a further name, add it to `NAMES`, in lower case and without spaces or
punctuation; `simplify` removes the accents. Of several names in a file the first of the list is
used.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

DATE, TIME, TICKER, PERIOD = "date", "time", "ticker", "period"

NAMES = {
    DATE: """
        date session day tradedate tradingdate tradingday exchangedate businessdate
        pricedate navdate observationdate asofdate dates dt datum handelstag tag fecha
        data datadate tarih dato дата
        日期 交易日期 日付 日付け 날짜 日付時刻
        datetime timestamp timeopen opentime windowstart snappedat datetimeutc localtime gmttime
        opentimestamp starttime timeperiod time zeit heure moment unix unixtimestamp unixtime epoch
        t index unnamed0
        일자 データ日付 pvm paivamaara kurstag תאריך التاريخ fechadecotizacion effectivedate
        年月日 成交日期 calendardate
    """,
    TIME: """
        time hour zeit heure hora czas godzina timeofday
    """,
    TICKER: """
        ticker symbol tickersymbol tic ric instrument secid tscode stockcode actsymbol
        securitycode code security pair kurzel asset stock name issue nemo isin
        股票代码 证券代码 종목코드 銘柄コード schemecode
    """,
    PERIOD: """
        per period timeframe interval
    """,
    "open": """
        open openprice openingprice priceopen pxopen opening firstprice midopen bidopen
        openbid openlastprice eroffnungskurs eroffnung eroffn erster kurseroffnung
        ouverture ouv premier apertura abertura otwarcie kursotwarcia acilis опен откр
        открытие openen 开盘 开盘价 始値 시가 oppning apert aper o first
        openingskoers nyito oteviraci otevreni apning abning oppningskurs avaus
        prezzoapertura preciodeapertura 開盤 開盤價
        eroeffnung eroeffnungskurs openprc prcod 今开 今開
        פתיחה שערפתיחה الفتح precoabertura precodeabertura
        adjopen adjustedopen adjustmentopen openadj
    """,
    "high": """
        high highprice pricehigh pxhigh dayhigh highest maximum max midhigh bidhigh
        highbid hoch hochst hochstkurs tageshoch plushaut haut hautjour maximo maxima
        massimo najwyzszy kursmaksymalny maksimum yuksek макс максимум hoog alto maks 高
        最高 最高价 高値 고가 hogst h
        hoogste høy høyeste højeste hogst hogsta ylin enyuksek maks tageshochst
        preciomaximo prezzomassimo 最高價
        hoechst hoechstkurs tageshoechst askhi prchd high1 גבוה שערגבוה שערגבוהיומי
        الأعلى precomaximo
        adjhigh adjustedhigh adjustmenthigh highadj
    """,
    "low": """
        low lowprice pricelow pxlow daylow lowest minimum min midlow bidlow lowbid tief
        tiefst tiefstkurs tagestief plusbas bas basjour minimo minima najnizszy
        kursminimalny dusuk мин минимум laag bajo baixo 低 最低 最低价 安値 저가 lagst l
        laagste lav laveste lagst lagsta alin endusuk min tagestiefst
        preciominimo prezzominimo 最低價
        bidlo prcld low1 נמוך שערנמוך שערנמוךיומי الأدنى precominimo
        adjlow adjustedlow adjustmentlow lowadj
    """,
    "close": """
        close closeprice closingprice closinglevel priceclose pxclose closelast
        closelasttrade lastclose closevalue closemid midclose bidclose closebid
        closeclosepriceadjustedforsplits schlusskurs schluss kursschluss cloture clot
        cierre chiusura fechamento zamkniecie kurszamkniecia kapanis закрытие slotkoers
        slot 收盘 收盘价 終値 종가 stangning pxlast lastprice settle settlement settlementprice
        tradeclose last latest ltp lasttrade zuletzt letzter dernier ultimo ostatnio
        laatste simdi цена price kurs preis cours precio prezzo preco cena fiyat nav
        netassetvalue navpershare rucknahmepreis anteilwert valorliquidativo vl rate
        value obsvalue wert valeur valor valore indexvalue c
        zaro utolso zaver zavreni zaverecny slutt siste lukke lukkekurs slutkurs senest senast
        stangningskurs paatos paatoskurssi preciodecierre prezzochiusura derniercours 收盤 收盤價
        prc prccd hstclose trdprc1 closeprc שערנעילה נעילה שער الأخير الإغلاق
        precofechamento precodefechamento
    """,
    "adj_close": """
        adjclose adjustedclose adjcloseprice adjustedcloseprice closeadj adjustedprice
        adjprice adjusted closeadjusted totalreturnclose
        adjcloseadjustedclosepriceadjustedforsplitsanddividendandorcapitalgaindistributions
        bereinigterschlusskurs bereinigt clotureajustee cierreajustado 終値調整値
        adjustmentclose 調整後終値 調整済み終値 adjclosingprice adjustedclosingprice
    """,
    "volume": """
        volume vol totalvolume sharevolume tradevolume tradedvolume pxvolume tickvol
        tickvolume volumn volumeshares numberofshares noofshares sharestraded volumetraded tottrdqty
        totaltradedquantity ttltrdqnty quantitytraded tradedquantity quantity stuecke
        stucke umsatzstuck umsatzstk umsatzinstuck umsatz
        volumen volumes wolumen wol hacim hac объем оборот 交易量
        成交量 出来高 거래량 volym totalvolumes v
        forgalom objem antal vaihto stuck stk totalvolumen omsatt 成交股數
        acvoluns acvol cshtrd trdvol נפח מחזור الحجم  volumeofshares
        adjvolume adjustedvolume adjustmentvolume
    """,
    "variance": """
        variance realizedvariance realisedvariance rv
    """,
}
# Signs, units and notes that other programs put around a name: "4. close", "Close*", "Open (USD)".
NUMBERED = re.compile(r"^\s*\d{1,2}[ab]?\s*[.):]\s*(?=\D)")
DOTLESS_I = "\u0131"  # Turkish
IN_BRACKETS = re.compile(r"\([^)]*\)|\[[^\]]*\]")
VOLUME_IN = re.compile(r"^volume[a-z]{3,4}$")  # "Volume BTC", "Volume USDT"
IN_CURRENCY = re.compile(
    r"(?<=\w{3})(usd|eur|gbp|chf|jpy|cad|aud|inr|pln|sek|nok|dkk)$"
)  # "Close EUR"
NUMBER_FIELDS = ("open", "high", "low", "close", "adj_close", "volume", "variance")


@lru_cache(maxsize=4096)  # a folder repeats the names of its first file
def simplify(name: str) -> str:
    """Return a name in lower case, without accents, punctuation, numbering and brackets.

    Examples
    --------
    >>> simplify("4. close"), simplify("Adj Close**"), simplify("<VOL>"), simplify("Eröffnung")
    ('close', 'adjclose', 'vol', 'eroffnung')
    """
    bare = NUMBERED.sub("", name)
    bare = IN_BRACKETS.sub("", bare) or bare
    folded = bare.casefold().replace("ł", "l").replace(DOTLESS_I, "i")
    decomposed = unicodedata.normalize("NFKD", folded)
    kept = (letter for letter in decomposed if letter.isalnum())
    return unicodedata.normalize("NFC", "".join(kept))


SYNONYMS = {
    field: tuple(simplify(name) for name in names.split()) for field, names in NAMES.items()
}
FIELD_OF = {name: field for field, names in reversed(SYNONYMS.items()) for name in names}


@lru_cache(maxsize=4096)
def find_field(name: str) -> str | None:
    """Return the field of the bar table that a name stands for; None if it is not known.

    Examples
    --------
    >>> find_field("PX_LAST"), find_field("Wolumen"), find_field("Change %")
    ('close', 'volume', None)
    """
    simple = simplify(name)
    if VOLUME_IN.match(simple):
        return "volume"
    return FIELD_OF.get(simple) or FIELD_OF.get(IN_CURRENCY.sub("", simple))


def find_rank(field: str, name: str) -> int:
    """Return the position of a name among those of its field; the lowest is preferred."""
    names, simple = SYNONYMS[field], simplify(name)
    if simple not in names and not VOLUME_IN.match(simple):
        simple = IN_CURRENCY.sub("", simple)
    return names.index(simple) if simple in names else len(names)


def count_known_names(text: str) -> int:
    """Return how many names of columns the first lines of a text have, in their best line."""
    lines = text.splitlines()[:20]
    return max((len(list_known_fields(re.split(r"[,;\t|]", line))) for line in lines), default=0)


def list_known_fields(names: Sequence[str]) -> list[str]:
    """Return the fields that some names stand for, in their order.

    Examples
    --------
    >>> list_known_fields(["Data", "Otwarcie", "Zmiana%", "Zamkniecie"])
    ['date', 'open', 'close']
    """
    found = (find_field(name.strip().strip('"')) for name in names)
    return [field for field in found if field]
