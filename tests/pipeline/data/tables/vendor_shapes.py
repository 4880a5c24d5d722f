"""Tables as vendors of data, brokers and statistical offices write them."""

from tests.pipeline.data.tables.shapes import CLOSES, US, Shape

WITHOUT_VOLUME = [(*row[:5], None) for row in US]

VENDOR_SHAPES = {
    "TradingView, seconds": Shape(
        "NASDAQ_AAPL, 1D.csv",
        "time,open,high,low,close,Volume\n"
        "1703773800,2.5,2.75,2.25,2.6,1790000\n"
        "1703860200,2.6,2.8,2.4,2.7,768050\n",
        {"AAPL": US},
    ),
    "TradingView, a chart with indicators": Shape(
        "BINANCE_BTCUSDT, 1D_4f2a1.csv",
        "time,open,high,low,close,Plot,Plot,Volume,Volume MA\n"
        "2023-12-28T00:00:00Z,2.5,2.75,2.25,2.6,1,2,1790000,9\n"
        "2023-12-29T00:00:00Z,2.6,2.8,2.4,2.7,1,2,768050,9\n",
        {"BTCUSDT": US},
    ),
    "TradingView, dates": Shape(
        "SP_SPX, 1D.csv",
        "time,open,high,low,close\n2023-12-28,2.5,2.75,2.25,2.6\n2023-12-29,2.6,2.8,2.4,2.7\n",
        {"SPX": WITHOUT_VOLUME},
    ),
    "Nasdaq Data Link, unadjusted and adjusted": Shape(
        "WIKI-AAPL.csv",
        "Date,Open,High,Low,Close,Volume,Ex-Dividend,Split Ratio,Adj. Open,Adj. High,Adj. Low"
        ",Adj. Close,Adj. Volume\n"
        "2023-12-29,2.6,2.8,2.4,2.7,768050.0,0.0,1.0,2.6,2.8,2.4,2.7,768050.0\n"
        "2023-12-28,2.5,2.75,2.25,2.6,1790000.0,0.0,1.0,2.5,2.75,2.25,2.6,1790000.0\n",
        {"AAPL": US},
    ),
    "Nasdaq Data Link, futures with a settlement price": Shape(
        "CHRIS-CME_ES1.csv",
        "Date,Open,High,Low,Last,Change,Settle,Volume,Previous Day Open Interest\n"
        "2023-12-29,2.6,2.8,2.4,2.71,,2.7,768050.0,1\n"
        "2023-12-28,2.5,2.75,2.25,2.59,,2.6,1790000.0,1\n",
        {"CHRIS-CME_ES1": US},
    ),
    "Interactive Brokers by way of pandas": Shape(
        "SPY.csv",
        ",date,open,high,low,close,volume,average,barCount\n"
        "0,2023-12-28,2.5,2.75,2.25,2.6,1790000.0,2.5,9\n"
        "1,2023-12-29,2.6,2.8,2.4,2.7,768050.0,2.5,9\n",
        {"SPY": US},
    ),
    "Kaggle, a column Name": Shape(
        "all_stocks_5yr.csv",
        "date,open,high,low,close,volume,Name\n"
        "2023-12-28,2.5,2.75,2.25,2.6,1790000,AAL\n"
        "2023-12-29,2.6,2.8,2.4,2.7,768050,AAL\n"
        "2023-12-28,2.5,2.75,2.25,2.6,1790000,ZTS\n",
        {"AAL": US, "ZTS": US[:1]},
    ),
    "Kaggle, close before low and high": Shape(
        "prices.csv",
        "date,symbol,open,close,low,high,volume\n"
        "2023-12-28 00:00:00,WLTW,2.5,2.6,2.25,2.75,1790000.0\n"
        "2023-12-29 00:00:00,WLTW,2.6,2.7,2.4,2.8,768050.0\n",
        {"WLTW": US},
    ),
    "Tiingo": Shape(
        "AAPL.csv",
        "date,close,high,low,open,volume,adjClose,adjHigh,adjLow,adjOpen,adjVolume,divCash,sp"
        "litFactor\n"
        "2023-12-28T00:00:00.000Z,2.6,2.75,2.25,2.5,1790000,2.6,2.75,2.25,2.5,1790000,0.0,1.0"
        "\n"
        "2023-12-29T00:00:00.000Z,2.7,2.8,2.4,2.6,768050,2.7,2.8,2.4,2.6,768050,0.0,1.0\n",
        {"AAPL": US},
    ),
    "EODHD, with its last line of bytes": Shape(
        "VOD.LSE.csv",
        "Date,Open,High,Low,Close,Adjusted_close,Volume\n"
        "2023-12-28,2.5,2.75,2.25,2.6,2.6,1790000\n"
        "2023-12-29,2.6,2.8,2.4,2.7,2.7,768050\n"
        "3\n",
        {"VOD.LSE": US},
    ),
    "Eikon": Shape(
        "price.csv",
        "Interval,Daily\n"
        "RIC,VOD.L\n"
        "\n"
        "Exchange Date,Close,Net,%Chg,Open,Low,High,Volume,Turnover - GBP,Flow\n"
        "29-Dec-2023,2.7,0.1,3.8%,2.6,2.4,2.8,768050,9,9\n"
        "28-Dec-2023,2.6,0.1,4.0%,2.5,2.25,2.75,1790000,9,9\n",
        {"VOD.L": US},
    ),
    "LSEG Data": Shape(
        "vod.csv",
        "Date,TRDPRC_1,HIGH_1,LOW_1,OPEN_PRC,ACVOL_UNS,NUM_MOVES\n"
        "2023-12-28,2.6,2.75,2.25,2.5,1790000,9\n"
        "2023-12-29,2.7,2.8,2.4,2.6,768050,9\n",
        {"vod": US},
    ),
    "FactSet": Shape(
        "export.csv",
        "Apple Inc. (AAPL-US)\n"
        "Price History\n"
        '"28-Dec-2023 to 29-Dec-2023"\n'
        "\n"
        "Date,Price,Open,High,Low,CVol,Change,% Change,% Return,Total Return\n"
        "12/29/2023,2.7,2.6,2.8,2.4,1,0.1,3.8,3.8,3.8\n"
        "12/28/2023,2.6,2.5,2.75,2.25,1,0.1,4.0,4.0,4.0\n",
        {"export": WITHOUT_VOLUME},
    ),
    "Moscow exchange": Shape(
        "SBER.csv",
        "history\n"
        "\n"
        "BOARDID;TRADEDATE;SHORTNAME;SECID;NUMTRADES;VALUE;OPEN;LOW;HIGH;LEGALCLOSEPRICE;WAPR"
        "ICE;CLOSE;VOLUME;MARKETPRICE2;MARKETPRICE3;ADMITTEDQUOTE\n"
        "TQBR;2023-12-28;Сбербанк;SBER;9;9.9;2.5;2.25;2.75;2.61;2.5;2.6;1790000;2.5;2.5;2.6\n"
        "TQBR;2023-12-29;Сбербанк;SBER;9;9.9;2.6;2.4;2.8;2.71;2.5;2.7;768050;2.5;2.5;2.7\n",
        {"SBER": US},
        encoding="cp1251",
    ),
    "Finam": Shape(
        "SBER_231228_231229.txt",
        "<TICKER>;<PER>;<DATE>;<TIME>;<OPEN>;<HIGH>;<LOW>;<CLOSE>;<VOL>\n"
        "SBER;D;20231228;000000;2.5000000;2.7500000;2.2500000;2.6000000;1790000\n"
        "SBER;D;20231229;000000;2.6000000;2.8000000;2.4000000;2.7000000;768050\n",
        {"SBER": US},
    ),
    "J-Quants": Shape(
        "13010.csv",
        "Date,Code,Open,High,Low,Close,UpperLimit,LowerLimit,Volume,TurnoverValue,AdjustmentF"
        "actor,AdjustmentOpen,AdjustmentHigh,AdjustmentLow,AdjustmentClose,AdjustmentVolume\n"
        "2023-12-28,13010,2.5,2.75,2.25,2.6,0,0,1790000.0,9,1.0,2.5,2.75,2.25,2.6,1790000.0\n"
        "2023-12-29,13010,2.6,2.8,2.4,2.7,0,0,768050.0,9,1.0,2.6,2.8,2.4,2.7,768050.0\n",
        {"13010": US},
    ),
    "Google Sheets, times of the close": Shape(
        "GOOG.csv",
        "Date,Open,High,Low,Close,Volume\n"
        "12/28/2023 16:00:00,2.5,2.75,2.25,2.6,1790000\n"
        "12/29/2023 16:00:00,2.6,2.8,2.4,2.7,768050\n",
        {"GOOG": US},
    ),
    "Google Sheets, German": Shape(
        "GOOG.csv",
        "Date;Open;High;Low;Close;Volume\n"
        "28.12.2023 16:00:00;2,5;2,75;2,25;2,6;1790000\n"
        "29.12.2023 16:00:00;2,6;2,8;2,4;2,7;768050\n",
        {"GOOG": US},
    ),
    "Cboe": Shape(
        "VIX_History.csv",
        "DATE,OPEN,HIGH,LOW,CLOSE\n"
        "12/28/2023,2.500000,2.750000,2.250000,2.600000\n"
        "12/29/2023,2.600000,2.800000,2.400000,2.700000\n",
        {"VIX": WITHOUT_VOLUME},
    ),
    "CRSP": Shape(
        "crsp.csv",
        "PERMNO,date,TICKER,BIDLO,ASKHI,PRC,VOL,RET,OPENPRC\n"
        "14593,20231228,AAPL,2.25,2.75,2.6,1790000,0.04,2.5\n"
        "14593,20231229,AAPL,2.4,2.8,2.7,768050,0.038,2.6\n",
        {"AAPL": US},
    ),
    "Compustat": Shape(
        "comp.csv",
        "gvkey,iid,datadate,tic,cusip,cshtrd,prccd,prchd,prcld,prcod\n"
        "001690,01,20231228,AAPL,037833100,1790000,2.6,2.75,2.25,2.5\n"
        "001690,01,20231229,AAPL,037833100,768050,2.7,2.8,2.4,2.6\n",
        {"AAPL": US},
    ),
    "Wall Street Journal": Shape(
        "HistoricalPrices.csv",
        "Date, Open, High, Low, Close, Volume\n"
        "12/29/23, 2.6, 2.8, 2.4, 2.7, 768050\n"
        "12/28/23, 2.5, 2.75, 2.25, 2.6, 1790000\n",
        {"HistoricalPrices": US},
    ),
    "Barchart": Shape(
        "aapl_price-history.csv",
        "Time,Open,High,Low,Last,Change,%Chg,Volume\n"
        "12/29/2023,2.6,2.8,2.4,2.7,0.1,+3.8%,768050\n"
        "12/28/2023,2.5,2.75,2.25,2.6,0.1,+4.0%,1790000\n"
        '"Downloaded from Barchart.com as of 01-02-2024 03:01pm CST"\n',
        {"aapl": US},
    ),
    "BSE": Shape(
        "500325.csv",
        "Date,Open Price,High Price,Low Price,Close Price,WAP,No.of Shares,No. of Trades,Tota"
        "l Turnover (Rs.),Deliverable Quantity,% Deli. Qty to Traded Qty,Spread High-Low,Spre"
        "ad Close-Open\n"
        "29-December-2023,2.60,2.80,2.40,2.70,2.5,768050,9,9.00,9,9,0.4,0.1,\n"
        "28-December-2023,2.50,2.75,2.25,2.60,2.5,1790000,9,9.00,9,9,0.5,0.1,\n",
        {"500325": US},
    ),
    "Dukascopy": Shape(
        "EURUSD_Candlestick_1_D_BID_01.01.2020-31.12.2023.csv",
        "Gmt time,Open,High,Low,Close,Volume\n"
        "28.12.2023 00:00:00.000,2.5,2.75,2.25,2.6,1790000\n"
        "29.12.2023 00:00:00.000,2.6,2.8,2.4,2.7,768050\n",
        {"EURUSD": US},
    ),
    "Dukascopy, local time": Shape(
        "EURUSD_Candlestick_1_D_BID.csv",
        "Local time,Open,High,Low,Close,Volume\n"
        "28.12.2023 00:00:00.000 GMT+0100,2.5,2.75,2.25,2.6,1790000\n"
        "29.12.2023 00:00:00.000 GMT+0100,2.6,2.8,2.4,2.7,768050\n",
        {"EURUSD": US},
    ),
    "Coinbase": Shape(
        "BTC-USD.csv",
        "time,low,high,open,close,volume\n"
        "1703721600,2.25,2.75,2.5,2.6,1790000\n"
        "1703808000,2.4,2.8,2.6,2.7,768050\n",
        {"BTC-USD": US},
    ),
    "freqtrade": Shape(
        "BTC_USDT-1d.csv",
        "timestamp,open,high,low,close,volume\n"
        "1703721600000.0,2.5,2.75,2.25,2.6,1790000.0\n"
        "1703808000000.0,2.6,2.8,2.4,2.7,768050.0\n",
        {"BTC_USDT": US},
    ),
    "Norgate": Shape(
        "AAPL.csv",
        "Symbol,Security Name,Date,Open,High,Low,Close,Volume,Turnover\n"
        "AAPL,Apple Inc,20231228,2.5,2.75,2.25,2.6,1790000,9\n"
        "AAPL,Apple Inc,20231229,2.6,2.8,2.4,2.7,768050,9\n",
        {"AAPL": US},
    ),
    "Sharadar": Shape(
        "SEP.csv",
        "ticker,date,open,high,low,close,volume,closeadj,closeunadj,lastupdated\n"
        "AAPL,2023-12-28,2.5,2.75,2.25,2.6,1790000,2.6,2.6,2023-12-29\n"
        "AAPL,2023-12-29,2.6,2.8,2.4,2.7,768050,2.7,2.7,2023-12-30\n",
        {"AAPL": US},
    ),
    "baostock": Shape(
        "sh.csv",
        "date,code,open,high,low,close,preclose,volume,amount,adjustflag,turn,tradestatus,pct"
        "Chg,isST\n"
        "2023-12-28,sh.600000,2.5,2.75,2.25,2.6,2.5,1790000,9.9,3,0.1,1,4,0\n"
        "2023-12-29,sh.600000,2.6,2.8,2.4,2.7,2.6,768050,9.9,3,0.1,1,3.8,0\n",
        {"sh.600000": US},
    ),
    "ECB, one rate": Shape(
        "EXR.csv",
        "KEY,TIME_PERIOD,OBS_VALUE\n"
        "EXR.D.USD.EUR.SP00.A,2023-12-28,4.1\n"
        "EXR.D.USD.EUR.SP00.A,2023-12-29,4.2\n",
        {"EXR": CLOSES},
    ),
    "ECB, all rates": Shape(
        "eurofxref-hist.csv",
        "Date,USD,JPY,BGN,\n2023-12-29,4.2,4.2,N/A,\n2023-12-28,4.1,4.1,N/A,\n",
        {"USD": CLOSES, "JPY": CLOSES},
    ),
    "Bank of England": Shape(
        "boe.csv",
        'DATE,XUDLUSS\n"28 Dec 2023",4.1\n"29 Dec 2023",4.2\n',
        {"XUDLUSS": CLOSES},
    ),
    "US Treasury": Shape(
        "yields.csv",
        'Date,"1 Mo","2 Mo","10 Yr"\n12/29/2023,4.2,4.2,4.2\n12/28/2023,4.1,4.1,4.1\n',
        {"1 Mo": CLOSES, "2 Mo": CLOSES, "10 Yr": CLOSES},
    ),
    "AMFI, a code for each fund": Shape(
        "nav.csv",
        "Scheme Code;Scheme Name;Net Asset Value;Repurchase Price;Sale Price;Date\n"
        "119551;Fund;4.1;;;28-Dec-2023\n"
        "119551;Fund;4.2;;;29-Dec-2023\n",
        {"119551": CLOSES},
    ),
    "adjusted closes alone": Shape(
        "A.csv",
        "Date,Adj Close\n2023-12-28,4.1\n2023-12-29,4.2\n",
        {"A": CLOSES},
    ),
    "yfinance, stacked": Shape(
        "st.csv",
        "Date,Ticker,Adj Close,Close,High,Low,Open,Volume\n"
        "2023-12-28,A,2.6,2.6,2.75,2.25,2.5,1790000\n"
        "2023-12-29,A,2.7,2.7,2.8,2.4,2.6,768050\n",
        {"A": US},
    ),
    "Stooq, site": Shape(
        "aapl_us_d.csv",
        "Date,Open,High,Low,Close,Volume\n"
        "2023-12-28,2.5,2.75,2.25,2.6,1790000\n"
        "2023-12-29,2.6,2.8,2.4,2.7,768050\n",
        {"aapl.us": US},
    ),
    "Saudi exchange": Shape(
        "2222.csv",
        "Date,Open,High,Low,Close,Change,% Change,Volume Traded,Value Traded (SAR),No. of Tra"
        "des\n"
        '2023-12-28,2.5,2.75,2.25,2.6,0.1,4,"1,790,000",9,9\n'
        '2023-12-29,2.6,2.8,2.4,2.7,0.1,3.8,"768,050",9,9\n',
        {"2222": US},
    ),
}
