"""Valid tables of bars, written in any mixture of the conventions that the reader knows."""

import csv
import io

import numpy as np
import pandas as pd
from hypothesis import strategies as st

NAMES = [
    ("Date", "Open", "High", "Low", "Close", "Volume"),
    ("Date", "Open", "High", "Low", "Price", "Vol."),
    ("Datum", "Eröffnung", "Hoch", "Tief", "Schlusskurs", "Umsatz"),
    ("Data", "Otwarcie", "Najwyzszy", "Najnizszy", "Zamkniecie", "Wolumen"),
    ("date", "ouv", "haut", "bas", "clot", "vol"),
    ("<DATE>", "<OPEN>", "<HIGH>", "<LOW>", "<CLOSE>", "<VOL>"),
    ("timestamp", "1. open", "2. high", "3. low", "4. close", "5. volume"),
    ("", "open", "high", "low", "close", "volume"),
]
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
DATES = {
    "iso": lambda day: f"{day:%Y-%m-%d}",
    "compact": lambda day: f"{day:%Y%m%d}",
    "day first": lambda day: f"{day:%d/%m/%Y}",
    "day first, short": lambda day: f"{day.day}/{day.month}/{day:%y}",
    "points": lambda day: f"{day:%d.%m.%Y}",
    "month first": lambda day: f"{day:%m/%d/%Y}",
    "month first, short": lambda day: f"{day.month}/{day.day}/{day.year}",
    "words": lambda day: f"{MONTHS[day.month - 1]} {day.day}, {day.year}",
    "words, day first": lambda day: f"{day.day:02}-{MONTHS[day.month - 1]}-{day:%y}",
    "midnights": lambda day: f"{day:%Y-%m-%d} 00:00:00",
    "offset": lambda day: f"{day:%Y-%m-%d} 00:00:00-05:00",
    "seconds": lambda day: str(int(day.timestamp())),
    "nanoseconds": lambda day: str(int(day.timestamp()) * 10**9),
}
GROUPS = {"": "", "comma": ",", "point": ".", "blank": " ", "no-break": "\u00a0", "Swiss": "'"}


@st.composite
def tables(draw):
    """Return the bytes of a file, and the bars that it holds."""
    bars = draw(bar_frames())
    decimal = draw(st.sampled_from(".,"))
    group = draw(st.sampled_from([mark for mark in GROUPS.values() if mark != decimal]))
    digits = draw(st.integers(0, 5))
    sign = draw(st.sampled_from(["", "$", "€ "]))
    form = DATES[draw(st.sampled_from(list(DATES)))]

    def write(value, places):
        text = f"{value:,.{places}f}".replace(",", "\0").replace(".", decimal)
        return text.replace("\0", group)

    prices = bars[["open", "high", "low", "close"]].round(digits)
    bars = bars.assign(**prices)
    rows = [
        [
            form(row.session),
            *(sign + write(price, digits) for price in row[2:6]),
            write(row.volume, 0),
        ]
        for row in bars.itertuples()
    ]
    header = list(draw(st.sampled_from(NAMES)))
    order = (
        [0, *draw(st.permutations(range(1, 6)))]
        if header[0] == ""
        else draw(st.permutations(range(6)))
    )
    rows = rows[::-1] if draw(st.booleans()) else rows
    text = io.StringIO()
    separator = draw(st.sampled_from([",", ";", "\t", "|"]))
    quoting = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    end = draw(st.sampled_from(["\n", "\r\n"]))
    writer = csv.writer(text, delimiter=separator, quoting=quoting, lineterminator=end)
    text.write(draw(st.sampled_from(["", f"sep={separator}{end}", f"Historical prices{end}{end}"])))
    writer.writerow([header[n] for n in order])
    writer.writerows([[row[n] for n in order] for row in rows])
    text.write(draw(st.sampled_from(["", f"Source: somebody{end}", f"{end}"])))
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]))
    return text.getvalue().encode(encoding, "replace"), bars


@st.composite
def bar_frames(draw):
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    count = draw(st.integers(2, 60))
    first = pd.Timestamp("2001-01-01") + pd.Timedelta(days=draw(st.integers(0, 7000)))
    level = draw(st.sampled_from([0.9, 5.0, 95.0, 990.0, 1005.0, 34000.0]))
    close = level * np.exp(np.cumsum(rng.normal(0, 0.01, count)))
    opened = close * np.exp(rng.normal(0, 0.005, count))
    days = pd.bdate_range(first, periods=count)
    return pd.DataFrame(
        {
            "session": days.as_unit("us"),
            "open": opened,
            "high": np.maximum(opened, close) * 1.004,
            "low": np.minimum(opened, close) / 1.004,
            "close": close,
            "volume": rng.integers(1, 10 ** rng.integers(3, 8), count).astype(float),
        }
    )
