"""Files of intraday bars: the exchange's own sessions, whatever the clock they are written by."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from tests.pipeline.data.conftest import NOW, asking
from tests.pipeline.data.intraday_samples import make_intraday
from volcast.pipeline.data.contract.bar_table import BAR_COLUMNS
from volcast.pipeline.data.sources.intraday import IntradaySource
from volcast.pipeline.errors import DataError

NEW_YORK = "America/New_York"


def written(folder, bars, name="AAA.csv"):
    folder.mkdir(exist_ok=True)
    bars.to_csv(folder / name, index=False)
    return folder / name


def days_in(path, *tickers, now=NOW):
    return IntradaySource(path, tickers, now).days


def failing(path, *tickers):
    with pytest.raises(DataError) as caught:
        days_in(path, *tickers)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def variance_by_hand(bars, zone):
    """Squares of the first open to the first close, then close to close, day by local day."""
    sums = {}
    for day, own in bars.groupby(bars["timestamp"].dt.tz_convert(zone).dt.date):
        prices = np.log([own["open"].iloc[0], *own["close"]])
        sums[pd.Timestamp(day)] = sum(np.diff(prices) ** 2)
    return sums


@pytest.mark.parametrize(
    ("ticker", "calendar", "zone", "first", "last"),
    [
        ("AAA", "XNYS", NEW_YORK, "2024-03-07", "2024-03-13"),  # clocks change on the 10th
        ("AAA", "XNYS", NEW_YORK, "2023-11-01", "2023-11-08"),  # and on the 5th
        ("VOD.L", "XLON", "Europe/London", "2024-03-27", "2024-04-03"),  # on the 31st
        ("7203.T", "XTKS", "Asia/Tokyo", "2024-03-07", "2024-03-13"),  # a lunch break
        ("AIR.NZ", "XNZE", "Pacific/Auckland", "2024-04-03", "2024-04-09"),  # opens the day before
        ("BTC-USD", "24/7", "UTC", "2024-03-08", "2024-03-12"),
    ],
)
@pytest.mark.parametrize("clock", ["local", "local with offset", "UTC", "parquet"])
def test_a_session_is_a_date_at_the_exchange_whatever_the_clock(
    tmp_path, ticker, calendar, zone, first, last, clock
):
    bars = make_intraday(calendar, first, last)
    expected = variance_by_hand(bars, zone)
    local = bars["timestamp"].dt.tz_convert(zone)
    if clock == "local":
        bars["timestamp"] = local.dt.tz_localize(None)
    elif clock == "local with offset":
        bars["timestamp"] = local.map(lambda moment: moment.isoformat())
    file = tmp_path / f"{ticker}.parquet"
    if clock == "parquet":
        bars.assign(timestamp=local).set_index("timestamp").to_parquet(file)
    else:
        file = written(tmp_path, bars, f"{ticker}.csv")
    days = days_in(file)
    assert days["session"].tolist() == list(expected)
    assert days["variance"].tolist() == pytest.approx(list(expected.values()), rel=1e-9)
    assert (days["covered"] == 1).all()


def test_a_half_day_is_measured_to_its_early_close(tmp_path):
    bars = make_intraday(first="2023-11-22", last="2023-11-27")
    late = bars.iloc[[-1]].assign(timestamp=pd.Timestamp("2023-11-24 19:00", tz="UTC"), close=500.0)
    days = days_in(written(tmp_path, pd.concat([bars, late])))
    expected = variance_by_hand(bars, NEW_YORK)
    assert days["variance"].tolist() == pytest.approx(list(expected.values()), rel=1e-9)


@pytest.mark.parametrize(
    ("now", "last"),
    [
        ("2024-03-15 15:30", "2024-03-14"),
        ("2024-03-15 16:59", "2024-03-14"),
        ("2024-03-15 17:00", "2024-03-15"),
    ],
)
def test_a_session_that_is_not_settled_is_left_out(tmp_path, now, last):
    file = written(tmp_path, make_intraday())
    moment = pd.Timestamp(now, tz=NEW_YORK).to_pydatetime()
    assert days_in(file, now=moment)["session"].max() == pd.Timestamp(last)


def test_one_long_file_holds_several_exchanges(tmp_path):
    parts = [
        make_intraday(calendar).assign(ticker=ticker)
        for ticker, calendar in (("AAA", "XNYS"), ("VOD.L", "XLON"))
    ]
    days = days_in(written(tmp_path, pd.concat(parts), "all.csv"))
    assert days.groupby("ticker").size().to_dict() == {"AAA": 10, "VOD.L": 10}
    assert set(days_in(tmp_path, "AAA")["ticker"]) == {"AAA"}


def test_daily_bars_are_the_sessions_first_highest_lowest_and_last(tmp_path):
    bars = make_intraday()
    source = IntradaySource(written(tmp_path, bars), (), NOW)
    daily = source.load(asking(start=dt.date(2024, 3, 5))).bars
    own = bars[bars["timestamp"].dt.date == dt.date(2024, 3, 5)]
    assert tuple(daily.columns) == BAR_COLUMNS and len(daily) == 9
    assert daily.iloc[0].drop("variance").to_dict() == {
        "ticker": "AAA", "session": pd.Timestamp("2024-03-05"), "open": own["open"].iloc[0],
        "high": own["high"].max(), "low": own["low"].min(), "close": own["close"].iloc[-1],
        "adj_close": own["close"].iloc[-1], "volume": own["volume"].sum(),
    }  # fmt: skip
    assert daily["variance"].isna().all()


def test_a_session_with_too_few_bars_is_no_daily_bar(tmp_path):
    bars = make_intraday()
    some = bars[(bars["timestamp"].dt.date != dt.date(2024, 3, 6)) | (bars.index % 3 > 0)]
    source = IntradaySource(written(tmp_path, some), (), NOW)
    daily = source.load(asking()).bars
    assert len(daily) == 9 and pd.Timestamp("2024-03-06") not in set(daily["session"])
    assert source.days["covered"].min() == pytest.approx(2 / 3)


def test_a_bad_file_is_a_failure_and_the_others_are_kept(tmp_path):
    written(tmp_path, make_intraday())
    (tmp_path / "BBB.csv").write_text("timestamp,open,high,low,close\nnoon,1,1,1,1\n")
    source = IntradaySource(tmp_path, (), NOW)
    assert set(source.days["ticker"]) == {"AAA"}
    assert "row 1 below the header has no date and price" in source.failures["BBB"]


def every(minutes):
    return make_intraday(spacing=minutes)


def shifted(hours):
    bars = make_intraday()
    return bars.assign(timestamp=bars["timestamp"] + pd.Timedelta(hours=hours))


def partly_without_offset():
    bars = make_intraday()
    text = bars["timestamp"].astype(str)
    return bars.assign(timestamp=text.where(bars.index != 4, "2024-03-04 09:50"))


@pytest.mark.parametrize(
    ("bars", "says"),
    [
        (every(15), "AAA.csv: bars must be 1 or 5 minutes apart; most are 15"),
        (every(5).iloc[:1], "AAA.csv: all bars have the same time"),
        (shifted(9), "no bar lies in a settled session of XNYS; a time without an offset is read"),
        (shifted(24 * 365), "no bar lies in a settled session of XNYS"),
        (every(5).assign(close="n/k"), "column close, row 1 below the header: 'n/k' is not a num"),
        (every(5).drop(columns="timestamp"), "missing column date"),
        (partly_without_offset(), "row 5 below the header: '2024-03-04 09:50:00' has no offset"),
        (every(5).assign(timestamp=1709562600), "all bars have the same time"),
        (every(5).assign(timestamp="2024-03-04"), "all bars have the same time"),
        (every(5).iloc[:0], "no row"),
    ],
)
def test_intraday_bars_that_cannot_be_used_say_why(tmp_path, bars, says):
    assert says in failing(written(tmp_path, bars))


def test_tickers_that_are_not_there_are_named(tmp_path):
    file = written(tmp_path, make_intraday().assign(ticker="AAA"), "all.csv")
    assert "there are none for BBB" in failing(file, "BBB")
