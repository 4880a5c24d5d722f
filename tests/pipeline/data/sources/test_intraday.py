"""Files of intraday bars: the exchange's own sessions, whatever the clock they are written by."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from tests.pipeline.data.conftest import NOW, asking, make_bars
from tests.pipeline.data.intraday_samples import make_intraday
from tests.pipeline.samples import volcast, write_config
from volcast.pipeline.data.calendars.opening_hours import session_hours
from volcast.pipeline.data.contract.bar_table import BAR_COLUMNS
from volcast.pipeline.data.sources.intraday import IntradaySource
from volcast.pipeline.errors import DataError
from volcast.pipeline.panel.realized_variance import add_realized_variance, format_realized_summary

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
    assert "row 1 below the header: 'noon' is not a time" in source.failures["BBB"]


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
        (partly_without_offset(), "row 5 below the header: '2024-03-04 09:50' has no offset"),
        (every(5).assign(timestamp=1709562600), "'1709562600' is not a time such as"),
        (every(5).assign(timestamp="2024-03-04"), "all bars have the same time"),
        (every(5).iloc[:0], "no row"),
    ],
)
def test_intraday_bars_that_cannot_be_used_say_why(tmp_path, bars, says):
    assert says in failing(written(tmp_path, bars))


def test_tickers_that_are_not_there_are_named(tmp_path):
    file = written(tmp_path, make_intraday().assign(ticker="AAA"), "all.csv")
    assert "there are none of BBB" in failing(file, "BBB")


def joined(daily, variances, weighting="sum"):
    days = pd.DataFrame({"ticker": "AAA", "session": list(variances)})
    days = days.assign(variance=list(variances.values()))
    return add_realized_variance(daily, days, {"AAA": "XNYS"}, weighting)


def test_the_variance_is_the_session_plus_the_squared_night_without_the_dividend():
    daily = (
        make_bars()
        .iloc[:3]
        .assign(
            open=[100.0, 101.0, 99.0], close=[100.0, 102.0, 100.0], adj_close=[98.0, 102.0, 50.0]
        )
    )  # a dividend of 2 % before the second session, a split of 2 for 1 before the third
    sessions = daily["session"].tolist()
    bars = joined(daily, dict.fromkeys(sessions, 1e-4))
    nights = [np.log(101 * 1.0 / 98), np.log(99 * 0.5 / 102)]
    assert np.isnan(bars["variance"][0])
    assert bars["variance"][1:].tolist() == pytest.approx([1e-4 + night**2 for night in nights])
    pd.testing.assert_frame_equal(bars.drop(columns="variance"), daily.drop(columns="variance"))


def test_no_night_is_counted_across_a_missing_session():
    daily = make_bars().drop(index=2).reset_index(drop=True)
    bars = joined(daily, dict.fromkeys(make_bars()["session"], 1e-4))
    assert bars["variance"].isna().to_numpy().nonzero()[0].tolist() == [0, 2]


def test_a_session_without_intraday_bars_has_no_variance():
    daily = make_bars()
    bars = joined(daily, dict.fromkeys(daily["session"][5:], 1e-4))
    assert bars["variance"].notna().sum() == len(daily) - 5


def test_a_variance_of_the_users_own_is_used_as_it_is():
    daily = make_bars().assign(variance=[0.5] + [np.nan] * 20)
    bars = joined(daily, dict.fromkeys(daily["session"], 1e-4))
    pd.testing.assert_frame_equal(bars, daily)


def test_the_sentence_counts_sessions_and_names_the_tickers_without():
    daily = pd.concat([make_bars("AAA"), make_bars("BBB"), make_bars("CCC")], ignore_index=True)
    days = make_bars("AAA")[["ticker", "session"]].assign(variance=1e-4)
    bars = add_realized_variance(daily, days, dict.fromkeys(["AAA", "BBB", "CCC"], "XNYS"), "sum")
    assert format_realized_summary(bars, {"BBB": "its file is damaged"}) == (
        "realised variance in 20 of 21 sessions of 1 tickers; "
        "none of BBB: its file is damaged; CCC: no intraday bars on its sessions"
    )


def test_no_realised_variance_at_all_is_an_error():
    with pytest.raises(DataError, match=r"no session has a realised variance; .*AAA: too few"):
        format_realized_summary(make_bars(), {"AAA": "too few"})


@pytest.fixture(scope="module")
def minutes(tmp_path_factory):
    """Two years of 5-minute bars of one ticker."""
    folder = tmp_path_factory.mktemp("minutes")
    written(folder, make_intraday(first="2016-01-04", last="2017-12-29"))
    return folder


def config_of(folder, intraday, more="", weighting="sum"):
    data = f'[data]\nsource = "files"\nintraday = "{intraday}"\novernight = "{weighting}"\n{more}'
    return write_config(folder / "intraday.toml", data)


@pytest.mark.parametrize("weighting", ["sum", "hansen_lunde"])
def test_a_run_on_intraday_bars_alone_forecasts_their_variance(tmp_path, minutes, weighting):
    config, out = config_of(tmp_path, minutes, weighting=weighting), tmp_path / "run"
    answer = volcast("download", out, "--config", config)
    assert answer.code == 0, answer.err
    assert "realised variance in 502 of 503 sessions of 1 tickers" in answer.err
    bars = pd.read_parquet(out / "bars.parquet")
    expected = IntradaySource(minutes, (), NOW).days["variance"]
    night = np.log(bars["open"] / bars["close"].shift())
    if weighting == "sum":
        np.testing.assert_allclose(bars["variance"][1:], (expected + night**2)[1:], rtol=1e-12)
    assert volcast("features", out).code == 0
    panel = pd.read_parquet(out / "features.parquet")
    np.testing.assert_array_equal(panel["variance"], bars["variance"])


def test_daily_bars_of_their_own_are_joined_with_the_intraday_ones(tmp_path, minutes):
    daily = IntradaySource(minutes, (), NOW).load(asking()).bars.drop(columns="variance")
    daily.assign(adj_close=daily["adj_close"] / 3).to_csv(tmp_path / "AAA.csv", index=False)
    config = config_of(tmp_path, minutes, f'path = "{tmp_path / "AAA.csv"}"\n')
    out = tmp_path / "run"
    assert volcast("download", out, "--config", config).code == 0
    bars = pd.read_parquet(out / "bars.parquet")
    assert bars["variance"].notna().sum() == 502
    assert (bars["adj_close"] < bars["close"] / 2).all()


def test_a_changed_intraday_file_is_read_again(tmp_path):
    folder = tmp_path / "minutes"
    written(folder, make_intraday())
    config, out = config_of(tmp_path, folder), tmp_path / "run"
    assert "unchanged" not in volcast("download", out, "--config", config).err
    assert "download: unchanged, skipped" in volcast("download", out, "--config", config).err
    written(folder, make_intraday(seed=1))
    assert "unchanged" not in volcast("download", out, "--config", config).err


def test_hours_beyond_the_calendar_are_unknown():
    assert session_hours("XNYS", dt.date(2190, 1, 1), dt.date(2190, 2, 1)).empty
