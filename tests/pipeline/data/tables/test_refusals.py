"""What can be read in two ways, or is no table of daily bars, is refused with the reason."""

import pytest

from tests.pipeline.data.conftest import asking
from volcast.pipeline.data.sources.files import FilesSource
from volcast.pipeline.data.tables.read_bars import ReadOptions
from volcast.pipeline.errors import DataError

AMBIGUOUS_DATES = "Date,Close\n01/02/2023,2.5\n01/03/2023,2.6\n"
AMBIGUOUS_NUMBERS = 'Date,Close\n2023-01-02,"1,234"\n2023-01-03,"1,240"\n'
WEEKS = [f"2023-{month:02}-{day:02}" for month in (1, 2, 3) for day in (1, 8, 15, 22)]
WEEKLY = "Date,Close\n" + "".join(f"{day},1.5\n" for day in WEEKS)
HOURS = [f"2023-01-0{day} {hour}:30" for day in (3, 4, 5) for hour in (10, 11)]
HOURLY = "Date,Close\n" + "".join(f"{hour},1.5\n" for hour in HOURS)
MIXED_NUMBERS = "Date;Close\n2023-01-02;998\n2023-01-03;1.002\n2023-01-04;1.005\n"


def read(tmp_path, text, name="AAA.csv", **options):
    (tmp_path / name).write_text(text)
    return FilesSource(tmp_path / name, ReadOptions(**options)).load(asking())


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            AMBIGUOUS_DATES,
            "'01/02/2023' is 2023-02-01 (day first) or 2023-01-02 (month first); say which with "
            'data.dates = "day_first" or "month_first"',
        ),
        (
            AMBIGUOUS_NUMBERS,
            "'1,234' is 1234 with a decimal point, 1.234 with a decimal comma; say which with "
            'data.decimal = "." or ","',
        ),
        ("Date,Close\n13/01/2023,1.5\n01/14/2023,1.5\n", "'13/01/2023' has the day first, '01/1"),
        ('Date,Close\n2023-01-02,"1,5"\n2023-01-03,1.75\n', "'1.75' has a decimal point, '1,5' a"),
        ("Date,Open,Close\n2023-01-02,1,2\n", "missing column high, low; found"),
        ("Date,Return\n2023-01-02,0.5\n", "missing column close; found 'Date', 'Return'"),
        ("0,1,2,3,4\n2023-01-02,1.5,2,1,1.75\n", "there is no header"),
        ("Month,Close\nJan 2023,1.5\nFeb 2023,1.5\n", "missing column date; found 'Month'"),
        ('{"close": 1}', "this is JSON"),
        (
            "Date,Open,High,Low,Close\n2023-01-02,1,234.50,1,250.25,1,200.10,1,240.00\n",
            "the header has 5 names, the rows have 9 cells",
        ),
        (WEEKLY, "the bars of AAA are 7 days apart"),
        (HOURLY, "the bars are intraday: 2 a session"),
        ("<TICKER>,<PER>,<DATE>,<CLOSE>\nAAA,60,20230102,1.5\n", "the bars are of the period '60'"),
    ],
)  # fmt: skip
def test_a_file_is_refused_with_the_reason(tmp_path, text, says):
    with pytest.raises(DataError) as caught:
        read(tmp_path, text)
    assert says in str(caught.value)


def test_the_options_decide_where_two_readings_are_possible(tmp_path):
    first = read(tmp_path, AMBIGUOUS_DATES, dates="day_first").bars["session"]
    assert first.dt.strftime("%Y-%m-%d").tolist() == ["2023-02-01", "2023-03-01"]
    first = read(tmp_path, AMBIGUOUS_DATES, dates="month_first").bars["session"]
    assert first.dt.strftime("%Y-%m-%d").tolist() == ["2023-01-02", "2023-01-03"]
    for sign, prices in ((".", [1234.0, 1240.0]), (",", [1.234, 1.24])):
        assert read(tmp_path, AMBIGUOUS_NUMBERS, decimal=sign).bars["close"].tolist() == prices


def test_a_reading_that_makes_neighbours_of_998_and_1_is_wrong(tmp_path):
    answer = read(tmp_path, MIXED_NUMBERS)
    assert answer.bars["close"].tolist() == [998.0, 1002.0, 1005.0]
    assert "thousands points" in answer.understood[0]


def test_times_without_an_offset_are_dated_by_their_zone_if_it_is_named(tmp_path):
    text = "Date,Close\n2023-01-04 15:00,1.5\n2023-01-05 15:00,1.75\n"
    as_written = read(tmp_path, text, "7203.T.csv").bars["session"].dt.day
    assert as_written.tolist() == [4, 5]
    answer = read(tmp_path, text, "7203.T.csv", timezone="UTC")
    assert answer.bars["session"].dt.day.tolist() == [5, 6]
    assert "dates at XTKS from UTC" in answer.understood[0]


def test_a_line_that_was_cut_off_is_left_out(tmp_path):
    answer = read(tmp_path, "Date,Open,High,Low,Close\n2023-01-03,1,2,1,1.5\n2023-01-04,1,2,")
    assert len(answer.bars) == 1
    assert "1 line without a bar left out" in answer.understood[0]


def test_a_last_price_that_lost_its_last_digits_is_left_out(tmp_path):
    lines = [f"2023-01-{day:02},1.2345\n" for day in range(2, 21)]
    assert len(read(tmp_path, "Date,Close\n" + "".join(lines)[:-1]).bars) == 19
    answer = read(tmp_path, "Date,Close\n" + "".join(lines)[:-3])
    assert len(answer.bars) == 18 and "1 line without a bar left out" in answer.understood[0]


def test_a_line_of_a_mean_below_the_table_is_left_out(tmp_path):
    answer = read(tmp_path, "Date,Close\n2023-01-03,1.5\n2023-01-04,1.75\nAverage,1.625\n")
    assert answer.bars["close"].tolist() == [1.5, 1.75]


def test_volumes_that_cannot_be_read_are_masked_and_counted(tmp_path):
    answer = read(tmp_path, "Date,Close,Volume\n2023-01-03,1.5,many\n2023-01-04,1.75,10\n")
    assert answer.bars["volume"].isna().tolist() == [True, False]
    assert "1 unreadable volume masked" in answer.understood[0]


def test_many_files_that_are_alike_are_told_in_one_line(tmp_path):
    for n in range(7):
        (tmp_path / f"T{n}.csv").write_text("Date,Close\n2023-01-03,1.5\n2023-01-04,1.75\n")
    (line,) = FilesSource(tmp_path).load(asking()).understood
    assert line.startswith("7 files such as T0.csv: plain table, close alone")


def test_columns_named_after_tickers_are_no_fields(tmp_path):
    names = "Date,AAPL,C,L,LOW,O,T,V\n"
    text = (
        names + "2023-12-28,1.5,2.5,3.5,4.5,5.5,6.5,7.5\n2023-12-29,1.75,2.5,3.5,4.5,5.5,6.5,7.5\n"
    )
    bars = read(tmp_path, text).bars
    assert bars.groupby("ticker")["close"].last().to_dict() == {
        **{"AAPL": 1.75, "C": 2.5, "L": 3.5, "LOW": 4.5, "O": 5.5, "T": 6.5, "V": 7.5},
    }


def test_bars_in_one_letter_each_are_fields(tmp_path):
    bars = read(tmp_path, "T,O,H,L,C,V,VW\n2023-12-28,2.5,2.75,2.25,2.6,9,2.5\n").bars
    assert bars[["open", "high", "low", "close", "volume"]].to_numpy().tolist() == [
        [2.5, 2.75, 2.25, 2.6, 9.0]
    ]


def test_adjusted_bars_alone_are_bars(tmp_path):
    names = "Date,Adj. Open,Adj. High,Adj. Low,Adj. Close,Adj. Volume\n"
    bars = read(tmp_path, names + "2023-12-28,2.5,2.75,2.25,2.6,9\n").bars
    assert bars[["ticker", "open", "high", "low", "close"]].to_numpy().tolist() == [
        ["AAA", 2.5, 2.75, 2.25, 2.6]
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Date,Ticker,Field,Value\n{0},A,Open,2.5\n{0},A,Close,2.6\n{1},A,Open,2.6\n{1},A,Close,2.7\n",
        "Date,Fund,Close\n{0},X,2.5\n{0},Y,7.5\n{1},X,2.6\n{1},Y,7.6\n",
    ],
)
def test_several_rows_of_a_session_are_refused(tmp_path, text):
    with pytest.raises(DataError, match=r"2 of 2 sessions of A+ have several rows"):
        read(tmp_path, text.format("2023-12-28", "2023-12-29"))


def test_the_same_rows_twice_are_counted_by_the_quality_rules(tmp_path):
    rows = "2023-12-28,2.5\n2023-12-29,2.6\n"
    assert len(read(tmp_path, "Date,Close\n" + rows + rows).bars) == 4


@pytest.mark.parametrize(
    ("sign", "odd"), [(".", "130.2517"), (",", "130,2517"), (",", "130,2"), (",", "130")]
)
def test_a_price_with_other_decimals_than_all_others_is_told(tmp_path, sign, odd):
    days = [f"2023-{n // 28 + 1:02}-{n % 28 + 1:02}" for n in range(60)]
    lines = [f"{day};1{n:02}{sign}25" for n, day in enumerate(days)]
    assert "decimals" not in read(tmp_path, "Date;Close\n" + "\n".join(lines)).understood[0]
    lines[30] = f"{days[30]};{odd}"
    (said,) = read(tmp_path, "Date;Close\n" + "\n".join(lines)).understood
    assert f"{odd} in row 31 has other decimals than all other prices" in said


@pytest.mark.parametrize("sign", [".", ","])
def test_a_number_of_hundreds_of_digits_is_none(tmp_path, sign):
    rows = [f"2023-01-{n:02};1{n}{sign}2531" for n in range(2, 20)]
    rows[9] = rows[9] + "9" * 100
    with pytest.raises(
        DataError, match=r"column close, row 10 below the header: .* is not a number"
    ):
        read(tmp_path, "Date;Close\n" + "\n".join(rows) + "\n")
