"""Tables as other programs write them, with the bars that they hold, by hand."""

from dataclasses import dataclass, field

BOM = "\ufeff"


@dataclass(frozen=True)
class Shape:
    """A file and what it must become: ticker to rows of date, open, high, low, close, volume."""

    file: str
    text: str
    bars: dict[str, list[tuple]]
    encoding: str = "utf-8"
    says: tuple[str, ...] = field(default=())


def bar(date, opened, high, low, close, volume=None):
    return date, opened, high, low, close, volume


US = [
    bar("2023-12-28", 2.5, 2.75, 2.25, 2.6, 1_790_000.0),
    bar("2023-12-29", 2.6, 2.8, 2.4, 2.7, 768_050.0),
]
BIG = [
    bar("2023-12-28", 1234.5, 1250.25, 1200.1, 1240.0, 1_790_000.0),
    bar("2023-12-29", 1240.0, 1260.0, 1230.5, 1255.75, 768_050.0),
]
CLOSES = [bar("2023-12-28", 4.1, 4.1, 4.1, 4.1), bar("2023-12-29", 4.2, 4.2, 4.2, 4.2)]

SHAPES = {
    "yfinance, ticker first, three header rows": Shape(
        "many.csv",
        "Ticker,AAA,AAA,AAA,AAA,AAA,BBB,BBB,BBB,BBB,BBB\n"
        "Price,Open,High,Low,Close,Volume,Open,High,Low,Close,Volume\n"
        "Date,,,,,,,,,,\n"
        "2023-12-28,2.5,2.75,2.25,2.6,1790000,,,,,\n"
        "2023-12-29,2.6,2.8,2.4,2.7,768050,1240,1260,1230.5,1255.75,768050\n",
        {"AAA": US, "BBB": BIG[1:]},
        says=("yfinance-like",),
    ),
    "a header with merged cells, two rows": Shape(
        "merged.csv",
        ",AAA,,,,BBB,,,\nDate,Open,High,Low,Close,Open,High,Low,Close\n"
        "2023-12-28,2.5,2.75,2.25,2.6,1234.5,1250.25,1200.1,1240\n"
        "2023-12-29,2.6,2.8,2.4,2.7,1240,1260,1230.5,1255.75\n",
        {"AAA": [(*row[:5], None) for row in US], "BBB": [(*row[:5], None) for row in BIG]},
    ),
    "flattened pairs of pandas": Shape(
        "flat.csv",
        "Date,\"('Close', 'AAA')\",\"('High', 'AAA')\",\"('Low', 'AAA')\",\"('Open', 'AAA')\"\n"
        "2023-12-28,2.6,2.75,2.25,2.5\n2023-12-29,2.7,2.8,2.4,2.6\n",
        {"AAA": [(*row[:5], None) for row in US]},
    ),
    "quantmod": Shape(
        "quantmod.csv",
        '"","AAA.Open","AAA.High","AAA.Low","AAA.Close","AAA.Volume","AAA.Adjusted"\n'
        '"2023-12-28",2.5,2.75,2.25,2.6,1790000,2.6\n"2023-12-29",2.6,2.8,2.4,2.7,768050,2.7\n',
        {"AAA": US},
    ),
    "closes of several tickers side by side": Shape(
        "closes.csv",
        "Date,AAPL,BRK-B,^GSPC\n2023-12-28,4.1,,4.1\n2023-12-29,4.2,4.2,4.2\n",
        {"AAPL": CLOSES, "BRK-B": CLOSES[1:], "^GSPC": CLOSES},
        says=("close alone",),
    ),
    "yfinance with a time zone": Shape(
        "VOD.L.csv",
        "Date,Open,High,Low,Close,Volume,Dividends,Stock Splits\n"
        "2023-12-28 00:00:00+00:00,2.5,2.75,2.25,2.6,1790000,0.0,0.0\n"
        "2023-12-29 00:00:00+00:00,2.6,2.8,2.4,2.7,768050,0.0,0.0\n",
        {"VOD.L": US},
    ),
    "Yahoo's page, copied": Shape(
        "MSFT.txt",
        "Date\tOpen\tHigh\tLow\tClose*\tAdj Close**\tVolume\n"
        "Dec 29, 2023\t1,240.00\t1,260.00\t1,230.50\t1,255.75\t1,255.75\t768,050\n"
        "Dec 28, 2023\t0.75 Dividend\n"
        "Dec 28, 2023\t1,234.50\t1,250.25\t1,200.10\t1,240.00\t1,240.00\t1,790,000\n"
        "*Close price adjusted for splits.**Adjusted close price adjusted for both dividends and "
        "splits.\n",
        {"MSFT": BIG},
        says=("Yahoo page copy", "1 line of dividends or splits left out", "1 line without a bar"),
    ),
    "Yahoo's new page, copied, a split first": Shape(
        "NVDA.txt",
        "Date\tOpen\tHigh\tLow\tClose Close price adjusted for splits.\tAdj Close Adjusted close "
        "price adjusted for splits and dividend and/or capital gain distributions.\tVolume\n"
        "Jan 2, 2024\t4:1 Stock Splits\n"
        "Dec 29, 2023\t1,240.00\t1,260.00\t1,230.50\t1,255.75\t1,255.75\t768,050\n"
        "Dec 28, 2023\t1,234.50\t1,250.25\t1,200.10\t1,240.00\t1,240.00\t1,790,000\n",
        {"NVDA": BIG},
        says=("1 line of dividends or splits left out",),
    ),
    "Investing.com, German": Shape(
        "DAX.csv",
        BOM + '"Datum","Zuletzt","Eröffn.","Hoch","Tief","Vol.","+/- %"\n'
        '"29.12.2023","1.255,75","1.240,00","1.260,00","1.230,50","768,05K","1,27%"\n'
        '"28.12.2023","1.240,00","1.234,50","1.250,25","1.200,10","1,79M","0,45%"\n',
        {"DAX": BIG},
        says=("Investing.com-like", "day first", "decimal commas"),
    ),
    "Investing.com, whole yen": Shape(
        "7203.csv",
        '"Date","Price","Open","High","Low","Vol.","Change %"\n'
        '"12/29/2023","2,590","2,600","2,800","2,400","768.05K","1.27%"\n'
        '"12/28/2023","2,600","2,500","2,750","2,250","1.79M","-0.45%"\n',
        {
            "7203": [
                bar("2023-12-28", 2500.0, 2750.0, 2250.0, 2600.0, 1_790_000.0),
                bar("2023-12-29", 2600.0, 2800.0, 2400.0, 2590.0, 768_050.0),
            ]
        },
    ),
    "Investing.com, French": Shape(
        "CAC.csv",
        '"Date","Dernier","Ouv."," Plus Haut","Plus Bas","Vol.","Variation %"\n'
        '"29/12/2023","1.255,75","1.240,00","1.260,00","1.230,50","768,05K","1,27%"\n'
        '"28/12/2023","1.240,00","1.234,50","1.250,25","1.200,10","1,79M","0,45%"\n',
        {"CAC": BIG},
    ),
    "Stooq, Polish": Shape(
        "wig20.csv",
        "Data,Otwarcie,Najwyzszy,Najnizszy,Zamkniecie,Wolumen\n"
        "2023-12-28,2.5,2.75,2.25,2.6,1790000\n2023-12-29,2.6,2.8,2.4,2.7,768050\n",
        {"wig20": US},
        says=("Stooq-like",),
    ),
    "a Polish bank, not UTF-8": Shape(
        "pkn.csv",
        "Data;Kurs otwarcia;Kurs maksymalny;Kurs minimalny;Kurs zamknięcia;Wolumen;Zmiana\n"
        "28-12-2023;1 234,50;1 250,25;1 200,10;1 240,00;1 790 000;0\n"
        "29-12-2023;1 240,00;1 260,00;1 230,50;1 255,75;768 050;0\n",
        {"pkn": BIG},
        encoding="cp1250",
        says=("Windows-125", "semicolons", "decimal commas"),
    ),
    "MetaTrader 5": Shape(
        "EURUSD.csv",
        "<DATE>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>\n"
        "2023.12.28\t2.50000\t2.75000\t2.25000\t2.60000\t99\t1790000\t1\n"
        "2023.12.29\t2.60000\t2.80000\t2.40000\t2.70000\t99\t768050\t1\n",
        {"EURUSD": US},
        says=("MetaTrader-like",),
    ),
    "Alpha Vantage, frame": Shape(
        "IBM.csv",
        "date,1. open,2. high,3. low,4. close,5. volume\n"
        "2023-12-29,2.6,2.8,2.4,2.7,768050.0\n2023-12-28,2.5,2.75,2.25,2.6,1790000.0\n",
        {"IBM": US},
        says=("Alpha Vantage-like",),
    ),
    "Polygon flat file": Shape(
        "day_aggs.csv",
        "ticker,volume,open,close,high,low,window_start,transactions\n"
        "AAA,1790000,2.5,2.6,2.75,2.25,1703739600000000000,10\n"
        "AAA,768050,2.6,2.7,2.8,2.4,1703826000000000000,10\n",
        {"AAA": US},
        says=("Polygon-like", "epoch nanoseconds"),
    ),
    "CryptoDataDownload": Shape(
        "Binance_BTCUSDT_d.csv",
        "https://www.CryptoDataDownload.com\n"
        "Unix,Date,Symbol,Open,High,Low,Close,Volume BTC,Volume USDT,tradecount\n"
        "1703808000000,2023-12-29,BTCUSDT,2.6,2.8,2.4,2.7,768050,99,1\n"
        "1703721600000,2023-12-28,BTCUSDT,2.5,2.75,2.25,2.6,1790000,99,1\n",
        {"BTCUSDT": US},
        says=("CryptoDataDownload-like",),
    ),
    "Binance, milliseconds": Shape(
        "ETHUSDT.csv",
        "open_time,open,high,low,close,volume,close_time,quote_volume,count\n"
        "1703721600000,2.5,2.75,2.25,2.6,1790000,1703807999999,9,1\n"
        "1703808000000,2.6,2.8,2.4,2.7,768050,1703894399999,9,1\n",
        {"ETHUSDT": US},
        says=("Binance-like", "epoch milliseconds"),
    ),
    "CoinGecko": Shape(
        "eth-usd.csv",
        "snapped_at,price,market_cap,total_volume\n"
        "2023-12-28 00:00:00 UTC,4.1,1,2\n2023-12-29 00:00:00 UTC,4.2,1,2\n",
        {"eth-usd": [(*row[:5], 2.0) for row in CLOSES]},
    ),
    "NSE": Shape(
        "RELIANCE.csv",
        BOM + '"Date ","series ","OPEN ","HIGH ","LOW ","PREV. CLOSE ","ltp ","close ","vwap ",'
        '"52W H ","52W L ","VOLUME ","VALUE ","No of trades "\n'
        '"29-Dec-2023","EQ","1,240.00","1,260.00","1,230.50","1,240.00","1,255.00","1,255.75",'
        '"1,250.00","1,300.00","900.00","7,68,050","9,64,000.00","1"\n'
        '"28-Dec-2023","EQ","1,234.50","1,250.25","1,200.10","1,230.00","1,241.00","1,240.00",'
        '"1,235.00","1,300.00","900.00","17,90,000","9,64,000.00","1"\n',
        {"RELIANCE": BIG},
        says=("NSE-like", "names of months", "thousands commas"),
    ),
    "Bloomberg, metadata above": Shape(
        "export.csv",
        "Security,AAPL US Equity,,,,\nStart Date,01/01/2020,,,,\nEnd Date,12/31/2023,,,,\n"
        "Period,D,,,,\n,,,,,\nDate,PX_OPEN,PX_HIGH,PX_LOW,PX_LAST,PX_VOLUME\n"
        "12/28/2023,2.5,2.75,2.25,2.6,1790000\n12/29/2023,2.6,2.8,2.4,2.7,768050\n",
        {"AAPL US Equity": US},
        says=("Bloomberg-like", "month first"),
    ),
    "Euronext": Shape(
        "AIR.csv",
        '"Historical Data"\n"From 2023-12-28 to 2023-12-29"\nNL0000235190\n'
        "Date;Open;High;Low;Last;Close;Number of Shares;Number of Trades;Turnover;vwap\n"
        "28/12/2023;2.5;2.75;2.25;2.55;2.6;1790000;9;9;2.5\n"
        "29/12/2023;2.6;2.8;2.4;2.65;2.7;768050;9;9;2.5\n",
        {"AIR": US},
    ),
    "ariva": Shape(
        "wkn.csv",
        "Datum;Erster;Hoch;Tief;Schlusskurs;Stuecke;Volumen\n"
        "2023-12-29;2,6;2,8;2,4;2,7;768.050;99.999\n2023-12-28;2,5;2,75;2,25;2,6;1.790.000;9.999\n",
        {"wkn": US},
        says=("decimal commas",),
    ),
    "Excel, UTF-16 with tabs": Shape(
        "excel.txt",
        BOM + "Date\tOpen\tHigh\tLow\tClose\tVolume\n"
        "28.12.2023\t2,5\t2,75\t2,25\t2,6\t1790000\n29.12.2023\t2,6\t2,8\t2,4\t2,7\t768050\n",
        {"excel": US},
        encoding="utf-16-le",
        says=("UTF-16", "tabs", "day first", "decimal commas"),
    ),
    "Excel, sep= line": Shape(
        "sep.csv",
        "sep=;\nDatum;Eröffnung;Hoch;Tief;Schluss;Umsatz\n"
        "28.12.2023;2,5;2,75;2,25;2,6;1790000\n29.12.2023;2,6;2,8;2,4;2,7;768050\n",
        {"sep": US},
        encoding="cp1252",
        says=("Windows-1252",),
    ),
    "Excel, numbers of days": Shape(
        "serial.csv",
        "Date,Open,High,Low,Close\n45288,2.5,2.75,2.25,2.6\n45289,2.6,2.8,2.4,2.7\n",
        {"serial": [(*row[:5], None) for row in US]},
        says=("Excel days",),
    ),
    "FRED": Shape(
        "DGS10.csv",
        "observation_date,DGS10\n2023-12-25,.\n2023-12-28,4.1\n2023-12-29,4.2\n",
        {"DGS10": CLOSES},
        says=("FRED-like", "close alone", "1 line without a price"),
    ),
    "a fund, French": Shape(
        "opcvm.csv",
        "Date;VL\n28/12/2023;4,10 EUR\n29/12/2023;4,20 EUR\n",
        {"opcvm": CLOSES},
        says=("close alone",),
    ),
    "Google Finance": Shape(
        "GOOG.csv",
        "Date,Open,High,Low,Close,Volume\n12/28/2023 16:00:00,2.5,2.75,2.25,2.6,1790000\n"
        "12/29/2023 16:00:00,2.6,2.8,2.4,2.7,768050\n",
        {"GOOG": US},
        says=("month first",),
    ),
    "WSJ, spaces and two-digit years": Shape(
        "wsj.csv",
        "Date, Open, High, Low, Close, Volume\n12/29/23, 2.6, 2.8, 2.4, 2.7, 768050\n"
        "12/28/23, 2.5, 2.75, 2.25, 2.6, 1790000\n",
        {"wsj": US},
    ),
    "Barchart, a line below": Shape(
        "zc.csv",
        "Time,Open,High,Low,Latest,Change,%Chg,Volume\n12/29/2023,2.6,2.8,2.4,2.7,0.1,1%,768050\n"
        "12/28/2023,2.5,2.75,2.25,2.6,0.1,1%,1790000\n"
        '"Downloaded from Barchart.com as of 01-01-2024 05:55am CST"\n',
        {"zc": US},
        says=("1 line without a bar",),
    ),
    "tushare": Shape(
        "000001.csv",
        "ts_code,trade_date,open,high,low,close,pre_close,change,pct_chg,vol,amount\n"
        "000001.SZ,20231229,2.6,2.8,2.4,2.7,2.6,0.1,3.8,768050,1\n"
        "000001.SZ,20231228,2.5,2.75,2.25,2.6,2.5,0.1,4,1790000,1\n",
        {"000001.SZ": US},
    ),
    "Chinese": Shape(
        "600519.csv",
        "日期,开盘,最高,最低,收盘,成交量,涨跌幅\n2023年12月28日,2.5,2.75,2.25,2.6,1790000,1%\n"
        "2023年12月29日,2.6,2.8,2.4,2.7,768050,1%\n",
        {"600519": US},
        encoding="gb18030",
    ),
    "a dash for no volume, brackets and dollars": Shape(
        "dash.csv",
        "Date,Open,High,Low,Close,Volume\n2023-12-28,$2.50,$2.75,$2.25,$2.60,-\n"
        '2023-12-29,$2.60,$2.80,$2.40,$2.70,"768,050"\n',
        {"dash": [(*US[0][:5], None), US[1]]},
    ),
    "Tokyo in UTC": Shape(
        "7203.T.csv",
        "Date,Open,High,Low,Close,Volume\n2023-12-27 15:00:00+00:00,2.5,2.75,2.25,2.6,1790000\n"
        "2023-12-28 15:00:00+00:00,2.6,2.8,2.4,2.7,768050\n",
        {"7203.T": US},
        says=("dates at XTKS",),
    ),
    "Swiss thousands": Shape(
        "smi.csv",
        "Date;Open;High;Low;Close;Volume\n28.12.2023;1'234.50;1'250.25;1'200.10;1'240.00;1'790'000\n"
        "29.12.2023;1'240.00;1'260.00;1'230.50;1'255.75;768'050\n",
        {"smi": BIG},
    ),
    "months in words, Spanish": Shape(
        "ibex.csv",
        "Fecha;Último;Apertura;Máximo;Mínimo\n29 de diciembre de 2023;2,7;2,6;2,8;2,4\n"
        "28 de diciembre de 2023;2,6;2,5;2,75;2,25\n",
        {"ibex": [(*row[:5], None) for row in US]},
    ),
    "an index of numbers before the date": Shape(
        "numbered.csv",
        ",Date,Open,High,Low,Close,Volume\n0,2023-12-28,2.5,2.75,2.25,2.6,1790000\n"
        "1,2023-12-29,2.6,2.8,2.4,2.7,768050\n",
        {"numbered": US},
    ),
    "R's write.table": Shape(
        "r.csv",
        '"Open","High","Low","Close","Volume"\n"2023-12-28",2.5,2.75,2.25,2.6,1790000\n'
        '"2023-12-29",2.6,2.8,2.4,2.7,768050\n',
        {"r": US},
    ),
    "two downloads, one below the other": Shape(
        "joined.csv",
        "Date,Open,High,Low,Close,Volume\n2023-12-28,2.5,2.75,2.25,2.6,1790000\n"
        "Date,Open,High,Low,Close,Volume\n2023-12-29,2.6,2.8,2.4,2.7,768050\n",
        {"joined": US},
        says=("1 line without a bar",),
    ),
    "Nasdaq Nordic": Shape(
        "nordic.csv",
        "sep=;\nDate;Bid;Ask;Opening price;High price;Low price;Closing price;Average price;"
        "Total volume;Turnover;Trades;\n"
        "2023-12-29;1,1;1,2;2,6;2,8;2,4;2,7;2,65;768050;1,1;9;\n"
        "2023-12-28;1,1;1,2;2,5;2,75;2,25;2,6;2,65;1790000;1,1;9;\n",
        {"nordic": US},
    ),
    "Polygon, one letter a column": Shape(
        "poly.csv",
        "v,vw,o,c,h,l,t,n\n1790000,2.5,2.5,2.6,2.75,2.25,1703739600000,9\n"
        "768050,2.5,2.6,2.7,2.8,2.4,1703826000000,9\n",
        {"poly": US},
        says=("epoch milliseconds",),
    ),
    "Alpaca": Shape(
        "alpaca.csv",
        "symbol,timestamp,open,high,low,close,volume,trade_count,vwap\n"
        "AAPL,2023-12-28 05:00:00+00:00,2.5,2.75,2.25,2.6,1790000,9,2.5\n"
        "AAPL,2023-12-29 05:00:00+00:00,2.6,2.8,2.4,2.7,768050,9,2.5\n",
        {"AAPL": US},
    ),
    "a line of units below the header": Shape(
        "units.csv",
        "Date,Open,High,Low,Close,Volume\n,USD,USD,USD,USD,shares\n"
        "2023-12-28,2.5,2.75,2.25,2.6,1790000\n2023-12-29,2.6,2.8,2.4,2.7,768050\n",
        {"units": US},
    ),
    "Bloomberg, tickers side by side": Shape(
        "blp.csv",
        ",AAPL US Equity,AAPL US Equity,MSFT US Equity\n,PX_LAST,PX_VOLUME,PX_LAST\n"
        "date,,,\n2023-12-28,4.1,10,4.1\n2023-12-29,4.2,10,4.2\n",
        {
            "AAPL US Equity": [(*row[:5], 10.0) for row in CLOSES],
            "MSFT US Equity": CLOSES,
        },
    ),
    "CoinMarketCap": Shape(
        "bitcoin.csv",
        "timeOpen;timeClose;name;open;high;low;close;volume;marketCap;timestamp\n"
        '"2023-12-29T00:00:00.000Z";"2023-12-29T23:59:59.999Z";"2781";2.6;2.8;2.4;2.7;768050;9;'
        '"2023-12-29T23:59:59.999Z"\n'
        '"2023-12-28T00:00:00.000Z";"2023-12-28T23:59:59.999Z";"2781";2.5;2.75;2.25;2.6;1790000;9;'
        '"2023-12-28T23:59:59.999Z"\n',
        {"bitcoin": US},
    ),
    "a bhavcopy of NSE": Shape(
        "bhav.csv",
        "SYMBOL,SERIES,OPEN,HIGH,LOW,CLOSE,LAST,PREVCLOSE,TOTTRDQTY,TOTTRDVAL,TIMESTAMP,ISIN,\n"
        "RELIANCE,EQ,2.5,2.75,2.25,2.6,2.61,2.4,1790000,1,28-DEC-2023,INE002A01018,\n"
        "RELIANCE,EQ,2.6,2.8,2.4,2.7,2.71,2.6,768050,1,29-DEC-2023,INE002A01018,\n",
        {"RELIANCE": US},
    ),
    "Japanese": Shape(
        "7203.csv",
        "日付,始値,高値,安値,終値,出来高\n2023/12/28,2.5,2.75,2.25,2.6,1790000\n"
        "2023/12/29,2.6,2.8,2.4,2.7,768050\n",
        {"7203": US},
        encoding="shift_jis",
    ),
    "volumes in coins and in dollars": Shape(
        "Gemini.csv",
        "Unix Timestamp,Date,Symbol,Open,High,Low,Close,Volume BTC,Volume USD\n"
        "1703808000,2023-12-29 00:00:00,BTC/USD,2.6,2.8,2.4,2.7,768050,9\n"
        "1703721600,2023-12-28 00:00:00,BTC/USD,2.5,2.75,2.25,2.6,1790000,9\n",
        {"BTC/USD": US},
    ),
}
