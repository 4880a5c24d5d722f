"""Excerpts of answers that Yahoo's chart endpoint gave in February 2025.

From the recordings of node-yahoo-finance2 (MIT licence, (c) 2021 Gadi Cohen), cut to a few rows:
a split and a dividend on both sides of a change of the clocks, a coin, a fund, and two exchanges.
"""

RECORDED = {
    "AAPL": {
        "meta": {
            "currency": "USD",
            "symbol": "AAPL",
            "exchangeName": "NMS",
            "instrumentType": "EQUITY",
            "exchangeTimezoneName": "America/New_York",
            "dataGranularity": "1d",
        },
        "timestamp": [1598880600, 1604673000],
        "quote": {
            "open": [127.58000183105469, 118.31999969482422],
            "high": [131, 119.19999694824219],
            "low": [126, 116.12999725341797],
            "close": [129.0399932861328, 118.69000244140625],
            "volume": [225702700, 114457900],
        },
        "adjclose": [125.82673645019531, 115.93415069580078],
        "events": {
            "dividends": {"1604673000": {"amount": 0.205, "date": 1604673000}},
            "splits": {
                "1598880600": {
                    "date": 1598880600,
                    "numerator": 4,
                    "denominator": 1,
                    "splitRatio": "4:1",
                }
            },
        },
    },
    "BTC-USD": {
        "meta": {
            "currency": "USD",
            "symbol": "BTC-USD",
            "exchangeName": "CCC",
            "instrumentType": "CRYPTOCURRENCY",
            "exchangeTimezoneName": "UTC",
            "dataGranularity": "1d",
        },
        "timestamp": [1577836800, 1577923200],
        "quote": {
            "open": [7194.89208984375, 7202.55126953125],
            "high": [7254.33056640625, 7212.1552734375],
            "low": [7174.9443359375, 6935.27001953125],
            "close": [7200.17431640625, 6985.47021484375],
            "volume": [18565664997, 20802083465],
        },
        "adjclose": [7200.17431640625, 6985.47021484375],
        "events": {},
    },
    "WSU.DE": {
        "meta": {
            "currency": "EUR",
            "symbol": "WSU.DE",
            "exchangeName": "GER",
            "instrumentType": "EQUITY",
            "exchangeTimezoneName": "Europe/Berlin",
            "dataGranularity": "1d",
        },
        "timestamp": [1691132400, 1691391600],
        "quote": {
            "open": [34.25, 34.79999923706055],
            "high": [34.54999923706055, 34.79999923706055],
            "low": [34.099998474121094, 34],
            "close": [34.45000076293945, 34],
            "volume": [1251, 336],
        },
        "adjclose": [32.63249588012695, 32.206233978271484],
        "events": {},
    },
    "0P000071W8.TO": {
        "meta": {
            "currency": "CAD",
            "symbol": "0P000071W8.TO",
            "exchangeName": "TOR",
            "instrumentType": "MUTUALFUND",
            "exchangeTimezoneName": "America/Toronto",
            "dataGranularity": "1d",
        },
        "timestamp": [1577975400],
        "quote": {
            "open": [73.72000122070312],
            "high": [73.72000122070312],
            "low": [73.72000122070312],
            "close": [73.72000122070312],
            "volume": [0],
        },
        "adjclose": [73.72000122070312],
        "events": {},
    },
    "MSFT": {
        "meta": {
            "currency": "USD",
            "symbol": "MSFT",
            "exchangeName": "NMS",
            "instrumentType": "EQUITY",
            "exchangeTimezoneName": "America/New_York",
            "dataGranularity": "1d",
        },
        "timestamp": [1613485800, 1613572200],
        "quote": {
            "open": [245.02999877929688, 241.32000732421875],
            "high": [246.1300048828125, 244.30999755859375],
            "low": [242.9199981689453, 240.94000244140625],
            "close": [243.6999969482422, 244.1999969482422],
            "volume": [26728500, 21653500],
        },
        "adjclose": [235.0934295654297, 236.1183624267578],
        "events": {"dividends": {"1613572200": {"amount": 0.56, "date": 1613572200}}},
    },
}
