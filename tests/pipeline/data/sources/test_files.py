"""Files: any CSV becomes valid bars or a DataError that names the place."""

import csv
import io

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.pipeline.data.conftest import asking, make_bars
from volcast.pipeline.data.contract.bar_table import BAR_COLUMNS
from volcast.pipeline.data.quality.check import check_bars
from volcast.pipeline.data.sources.files import FilesSource
from volcast.pipeline.errors import DataError

HEADER = "date,open,high,low,close,volume\n"
ROW = "2024-01-02,10,11,9,10.5,100\n"
BOUNDED = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def written(folder, text, name="AAA.csv"):
    file = folder / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def loaded(file, *tickers):
    return FilesSource(file).load(asking(*tickers)).bars


def failing(file, *tickers) -> str:
    with pytest.raises(DataError) as caught:
        loaded(file, *tickers)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_a_file_without_a_ticker_column_is_named_after_its_ticker(tmp_path):
    bars = loaded(written(tmp_path, HEADER + ROW, "BRK.B.csv"))
    assert bars.iloc[0].to_dict() == {
        "ticker": "BRK.B", "session": pd.Timestamp("2024-01-02"), "open": 10.0, "high": 11.0,
        "low": 9.0, "close": 10.5, "adj_close": 10.5, "volume": 100.0,
        "variance": pytest.approx(np.nan, nan_ok=True),
    }  # fmt: skip


@pytest.mark.parametrize(
    "header",
    [
        "Date,Open,High,Low,Close,Adj Close,Volume,RV,Symbol",
        "DATE,OPEN,HIGH,LOW,CLOSE,ADJ_CLOSE,VOLUME,Realized_Variance,NAME",
        "timestamp, open , high, low, close, AdjClose, volume, variance, Ticker",
        "datetime,open,high,low,close,adj.close,volume,rv,ticker",
        "\ufeffsession,open,high,low,close,adjusted_close,volume,rv,ticker",
    ],
)
def test_columns_are_found_whatever_their_spelling(tmp_path, header):
    bars = loaded(written(tmp_path, header + "\n2024-01-02,10,11,9,10.5,10.4,100,0.0001,MSFT\n"))
    assert bars["ticker"].tolist() == ["MSFT"]
    assert bars[["adj_close", "variance"]].to_numpy().tolist() == [[10.4, 0.0001]]


@pytest.mark.parametrize("separator", [";", "\t"])
def test_semicolons_and_tabs_separate_too(tmp_path, separator):
    text = (HEADER + ROW).replace(",", separator)
    assert loaded(written(tmp_path, text))["close"].tolist() == [10.5]


def test_a_company_name_beside_a_symbol_is_not_the_ticker(tmp_path):
    text = "name,symbol," + HEADER + "Apple Inc,AAPL," + ROW
    assert loaded(written(tmp_path, text))["ticker"].tolist() == ["AAPL"]


def test_tickers_that_look_like_numbers_or_nothing_stay_text(tmp_path):
    text = "ticker," + HEADER + "0700," + ROW + "NA," + ROW + "TRUE," + ROW
    assert loaded(written(tmp_path, text))["ticker"].tolist() == ["0700", "NA", "TRUE"]


@pytest.mark.parametrize(
    "date",
    [
        "2024-01-02",
        "20240102",
        "2024/01/02",
        "2024-01-02 00:00:00",
        "2024-01-02T00:00:00-05:00",
        "2024-01-02 00:00:00+09:00",
        "2024-01-02T23:30:00.000Z",
    ],
)
def test_a_date_is_the_one_that_is_written(tmp_path, date):
    bars = loaded(written(tmp_path, HEADER + ROW.replace("2024-01-02", date)))
    assert bars["session"].tolist() == [pd.Timestamp("2024-01-02")]


def test_a_parquet_timestamp_keeps_its_local_date(tmp_path):
    bars = make_bars()
    bars["session"] = bars["session"].dt.tz_localize("Asia/Tokyo")  # 15:00 UTC of the day before
    bars.rename(columns={"session": "Date"}).set_index("Date").to_parquet(tmp_path / "b.parquet")
    assert loaded(tmp_path / "b.parquet")["session"].tolist() == make_bars()["session"].tolist()


def test_missing_numbers_and_all_empty_rows_are_no_error(tmp_path):
    text = HEADER + ROW + "2024-01-03,NaN,11,9,null,\n,,,,,\n\n"
    bars = loaded(written(tmp_path, text))
    assert bars[["open", "close", "volume"]].isna().to_numpy().tolist() == [[False] * 3, [True] * 3]


def test_rows_of_one_session_keep_their_order(tmp_path):
    text = HEADER + "2024-01-03,1,1,1,1,1\n" + ROW + ROW.replace("10.5", "10.6")
    assert loaded(written(tmp_path, text))["close"].tolist() == [10.5, 10.6, 1.0]


def test_only_the_files_of_the_tickers_asked_for_are_read(tmp_path):
    written(tmp_path, HEADER + ROW, "AAA.csv")
    written(tmp_path, b"\0", "BBB.csv")
    assert len(loaded(tmp_path, "AAA")) == 1


def test_one_broken_file_of_a_folder_is_a_failure_and_the_others_are_kept(tmp_path):
    written(tmp_path, HEADER + ROW, "AAA.csv")
    written(tmp_path, HEADER + ROW.replace("10.5", "ten"), "BBB.csv")
    written(tmp_path, "not a table", "notes.md")
    download = FilesSource(tmp_path).load(asking())
    assert set(download.bars["ticker"]) == {"AAA"}
    assert list(download.failures) == ["BBB"]
    assert "'ten' is not a number" in download.failures["BBB"]


def test_a_broken_file_that_may_hold_the_ticker_is_an_error(tmp_path):
    written(tmp_path, "ticker," + HEADER + "AAA," + ROW, "2024.csv")
    written(tmp_path, "ticker," + HEADER + "AAA,2024-01-03,x,1,1,1,1\n", "2023.csv")
    assert "2023.csv" in failing(tmp_path, "AAA")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "AAA.csv: the file is empty"),
        ("\n \n", "the file is empty"),
        (HEADER, "no row"),
        (HEADER + ",,,,,\n", "no row"),
        ("date,open,high,low\n2024-01-02,1,1,1\n", "missing column close; found 'date', 'open'"),
        ("<html><body>Not Found</body></html>", "this is a web page"),
        ("Date,Close\n", "a header but no rows"),
        (HEADER + ROW.replace("10.5", "n/k"), "column close, row 1 below the header: 'n/k' is not"),
        (HEADER + ROW + ROW.replace("11", "1-1"), "column high, row 2 below the header: '1-1' is"),
        (HEADER + ROW.replace("2024-01-02", "02.01.2024"), "the dates can be read in two ways"),
        (HEADER + ROW.replace("2024-01-02", "2024-13-02"), "'2024-13-02' is not a date"),
        (HEADER + ROW.replace("2024-01-02", ""), "row 1 below the header has no date"),
        (HEADER + ROW + ROW.replace("2024-01-02", ""), "row 2 below the header: '' is not a date"),
        (HEADER + ROW.replace("2024-01-02", "0024-01-02"), "from 1800 to 2200"),
        (
            HEADER + ROW.replace("100\n", "100,1,2\n"),
            "the header has 6 names, the rows have 8 cells",
        ),
        (HEADER + ROW + ROW.replace("100\n", "100,1\n"), "row 2 below the header has 7 cells"),
        (HEADER + ROW + '"2024-01-02,1\n' + ROW, "a quotation mark that is not closed"),
        ("date,open,high,low,close,Close\n" + ROW, "column close must occur once"),
        (
            "ticker," + HEADER + " ," + ROW,
            "column ticker, row 1 below the header:",
        ),
        (b"\xef\xbb\xbf", "the file is empty"),
        (b"\x1c\n", "the lines are not separated into columns"),
        (b"a\0b,c\n", "NUL bytes"),
        (b"PK\x03\x04\0\0\0", "this Excel workbook or zip archive is damaged"),
        ("open,high,low,close\n1,2,1,2\n", "missing column date; found 'open'"),
        (ROW, "there is no header: '2024-01-02', '10'"),
    ],
)
def test_a_file_that_cannot_be_read_says_where_and_why(tmp_path, text, says):
    assert says in failing(written(tmp_path, text))


def test_other_paths_that_cannot_be_read_say_why(tmp_path):
    assert "there is no such file or folder" in failing(tmp_path / "none.csv")
    assert "not separated into columns: 'x'" in failing(written(tmp_path, "x", "bars.dat"))
    assert "not a Parquet file" in failing(written(tmp_path, "x", "bars.parquet"))
    assert "damaged, it is not gz" in failing(written(tmp_path, "x", "bars.csv.gz"))
    (tmp_path / "empty").mkdir()
    assert "no file of type" in failing(tmp_path / "empty")


def test_text_in_a_price_column_of_a_parquet_file_is_named(tmp_path):
    bars = make_bars().astype({"close": object})
    bars.loc[3, "close"] = "n/k"
    bars.astype({"close": str}).to_parquet(tmp_path / "bars.parquet")
    assert "column close, row 4 below the header: 'n/k'" in failing(tmp_path / "bars.parquet")


def test_an_unknown_ticker_names_the_nearest(tmp_path):
    text = "ticker," + HEADER + "".join(f"{name}," + ROW for name in ("AAPL", "MSFT", "GOOG"))
    file = written(tmp_path, text)
    assert "MSTF: there is no such ticker; the nearest are MSFT" in failing(file, "MSTF")
    assert "the known tickers are AAPL, GOOG, MSFT" in failing(file, "ZZZZ")


def assert_bars_or_data_error(file):
    try:
        bars = loaded(file)
        checked = check_bars(bars)
    except DataError as error:
        assert str(error) and "\n" not in str(error)
        return
    assert tuple(checked.bars.columns) == BAR_COLUMNS
    prices = checked.bars[["open", "high", "low", "close", "adj_close"]].to_numpy()
    assert (np.isfinite(prices) & (prices > 0)).all()


@BOUNDED
@given(content=st.binary(max_size=200))
def test_any_bytes_are_bars_or_a_data_error(tmp_path, content):
    assert_bars_or_data_error(written(tmp_path, content))


@BOUNDED
@given(content=st.text(max_size=200))
def test_any_text_after_a_good_header_is_bars_or_a_data_error(tmp_path, content):
    assert_bars_or_data_error(written(tmp_path, (HEADER + content).encode("utf-8", "replace")))


CELL = st.one_of(
    st.sampled_from(["2024-01-02", "2024-01-03", "", "NaN", "inf", "-1", "0", "1e999", "9" * 400]),
    st.floats().map(repr),
    st.integers().map(str),
    st.text(max_size=8),
)
NAMES = ["date", "open", "high", "low", "close", "volume", "adj close", "rv", "ticker", "x", ""]


@BOUNDED
@given(
    header=st.permutations(NAMES),
    rows=st.lists(st.lists(CELL, min_size=10, max_size=12), max_size=5),
)
def test_any_table_is_bars_or_a_data_error(tmp_path, header, rows):
    text = io.StringIO()
    csv.writer(text).writerows([header, *rows])
    assert_bars_or_data_error(written(tmp_path, text.getvalue().encode("utf-8", "replace")))


PRICE = st.one_of(st.floats(min_value=-1, max_value=1e308).map(repr), st.just("nan"))
DATES = st.dates().map(str)


@BOUNDED
@given(rows=st.lists(st.tuples(DATES, PRICE, PRICE, PRICE, PRICE, PRICE), max_size=8))
def test_any_prices_are_bars_or_a_data_error(tmp_path, rows):
    assert_bars_or_data_error(written(tmp_path, HEADER + "".join(",".join(r) + "\n" for r in rows)))
