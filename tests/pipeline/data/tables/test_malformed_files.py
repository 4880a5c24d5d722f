"""A thousand malformed inputs: each loads to valid bars, or fails with one clear message."""

import gzip
import io
import random

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.pipeline.data.conftest import NOW, asking, make_bars
from tests.pipeline.data.intraday_samples import make_intraday
from volcast.pipeline.data.contract.bar_table import BAR_COLUMNS
from volcast.pipeline.data.quality.check import check_bars
from volcast.pipeline.data.sources.files import FilesSource
from volcast.pipeline.data.sources.intraday import IntradaySource
from volcast.pipeline.errors import DataError

EACH = 100  # inputs of each of the ten kinds
LONGEST_MESSAGE = 600
ODD = [
    *("", "NaN", "inf", "-inf", "1e999", "1e308", "1e-320", "-1", "0", "-0", "9" * 400, "0x1F"),
    *("1_000", "1,000", "1e", "True", "None", "=1+1", '"', '"""', "'", "\\", "#", " ", "١٢", "é"),
    *(
        "\uff11\uff12",
        "\0",
        "\r",
        "\n",
        "\t",
        ";",
        "\ufeff",
        "\u2028",
        "\x1a",
        "\x85",
        "date",
        "open",
    ),
    *("2024-02-30", "9999-12-31", "0001-01-01", "20240101T25", "2024-01-01T00:00+99:99", "now"),
    *("1677-01-01", "2262-04-12", "2024W01", "NaT", "31.01.2024", "01/31/2024", "1706659200"),
]


def daily() -> pd.DataFrame:
    return make_bars().assign(variance=1e-4)


def as_csv(frame, **options) -> bytes:
    return frame.to_csv(index=False, **options).encode()


def as_parquet(frame) -> bytes:
    sink = io.BytesIO()
    frame.to_parquet(sink)
    return sink.getvalue()


def cells(data: bytes) -> list[list[str]]:
    return [line.split(",") for line in data.decode().splitlines()]


def joined(rows) -> bytes:
    return "\n".join(",".join(row) for row in rows).encode("utf-8", "replace")


def noise(data, draw):
    """Bytes changed at random."""
    changed = bytearray(data)
    for _ in range(draw.randint(1, 9)):
        changed[draw.randrange(len(changed))] = draw.randrange(256)
    return bytes(changed)


def cut_off(data, draw):
    """The beginning only."""
    return data[: draw.randrange(len(data))]


def cut_out(data, draw):
    """A piece missing."""
    at = draw.randrange(len(data))
    return data[:at] + data[at + draw.randint(1, 80) :]


def put_in(data, draw):
    """Odd text somewhere."""
    at = draw.randrange(len(data))
    return data[:at] + draw.choice(ODD).encode() + data[at:]


def repeated(data, draw):
    """A piece of the file once more, somewhere else."""
    start, at = draw.randrange(len(data)), draw.randrange(len(data))
    return data[:at] + data[start : start + draw.randint(1, 400)] + data[at:]


def odd_cells(data, draw):
    """Odd text in some cells, the header's among them."""
    rows = cells(data)
    for _ in range(draw.randint(1, 5)):
        row = draw.choice(rows)
        row[draw.randrange(len(row))] = draw.choice(ODD)
    return joined(rows)


def odd_column(data, draw):
    """Odd text all down a column below the header."""
    rows = cells(data)
    at, text = draw.randrange(len(rows[0])), draw.choice(ODD)
    return joined([rows[0], *([*row[:at], text, *row[at + 1 :]] for row in rows[1:])])


def wrong_columns(data, draw):
    """Columns dropped, doubled and shuffled, the header alone or with its cells."""
    rows = cells(data)
    order = draw.choices(range(len(rows[0])), k=draw.randint(1, 12))
    moved = [[row[at] for at in order] for row in rows]
    return joined([moved[0], *rows[1:]] if draw.random() < 0.3 else moved)


def wrong_rows(data, draw):
    """Rows dropped, doubled and shuffled, the header among them; some too long or too short."""
    rows = cells(data)
    chosen = draw.choices(rows, k=draw.randint(0, 2 * len(rows)))
    return joined([row * 2 if draw.random() < 0.02 else row for row in chosen])


def nothing_of_the_kind(data, draw):
    """Random bytes."""
    return draw.randbytes(draw.randint(0, 300))


KINDS = [
    *(noise, cut_off, cut_out, put_in, repeated),
    *(odd_cells, odd_column, wrong_columns, wrong_rows, nothing_of_the_kind),
]
TEXT_ONLY = {odd_cells, odd_column, wrong_columns, wrong_rows}


def assert_bars_or_one_message(load) -> bool:
    """Return whether bars came; they must be valid, and a failure must be one short line."""
    try:
        bars = check_bars(load()).bars
    except DataError as error:
        assert 10 < len(str(error)) <= LONGEST_MESSAGE and "\n" not in str(error)
        return False
    assert tuple(bars.columns) == BAR_COLUMNS and not bars.duplicated(["ticker", "session"]).any()
    prices = bars[["open", "high", "low", "close", "adj_close"]]
    assert (np.isfinite(prices) & (prices > 0)).all(axis=None)
    assert not (bars["variance"] < 0).any() and not np.isinf(bars["variance"]).any()
    return True


def daily_bars(file):
    return lambda: FilesSource(file).load(asking()).bars


def intraday_bars(file):
    return lambda: IntradaySource(file, (), NOW).load(asking()).bars


@pytest.mark.parametrize("kind", KINDS)
def test_a_thousand_malformed_files_are_bars_or_one_message_each(tmp_path, kind):
    text, draw = as_csv(daily()), random.Random(kind.__name__)
    forms = [("a.csv", text)]
    if kind not in TEXT_ONLY:
        # Half text, half binary: Parquet, Parquet named like text, gzip.
        binary = as_parquet(daily())
        forms = [*forms * 3, ("a.parquet", binary), ("b.csv", binary)]
        forms += [("c.csv.gz", gzip.compress(text, mtime=0))]
    came = 0
    for _ in range(EACH):
        name, data = draw.choice(forms)
        (tmp_path / name).write_bytes(kind(data, draw))
        came += assert_bars_or_one_message(daily_bars(tmp_path / name))
    assert came < EACH  # some were malformed indeed


@pytest.mark.parametrize("kind", KINDS)
def test_malformed_intraday_files_are_bars_or_one_message_each(tmp_path, kind):
    text, draw = as_csv(make_intraday(last="2024-03-06")), random.Random(kind.__name__)
    for _ in range(EACH // 4):
        (tmp_path / "a.csv").write_bytes(kind(text, draw))
        assert_bars_or_one_message(intraday_bars(tmp_path / "a.csv"))


VALUES = {
    "raw bytes": pa.array([b"\xff\xfe"] * 3),
    "lists": pa.array([[1.0]] * 3),
    "structs": pa.array([{"a": 1}] * 3),
    "truth values": pa.array([True] * 3),
    "nothing": pa.nulls(3),
    "times of day": pa.array([3_600_000_000] * 3, pa.time64("us")),
    "durations": pa.array([10**9] * 3, pa.duration("ns")),
    "moments of Mars": pa.array([10**18] * 3, pa.timestamp("ns", "Mars/Olympus")),
    "dates of the year 1": pa.array([-719_162] * 3, pa.date32()),
    "numbers with a gap": pa.array([1, None, 3]),
    "largest whole numbers": pa.array([2**64 - 1] * 3, pa.uint64()),
    "categories": pa.array(["a", "b", "a"]).dictionary_encode(),
    "NUL characters": pa.array(["\0"] * 3),
    "decimals": pa.array(["1e60"] * 3).cast(pa.decimal256(70, 2)),
    "maps": pa.array([[("a", 1)]] * 3, pa.map_(pa.string(), pa.int64())),
}


@pytest.mark.parametrize("values", VALUES)
@pytest.mark.parametrize("column", ["ticker", "session", "close", "volume", "variance"])
def test_a_parquet_column_of_another_type_is_bars_or_one_message(tmp_path, column, values):
    table = pa.Table.from_pandas(daily().iloc[:3], preserve_index=False)
    at, file = table.column_names.index(column), tmp_path / "a.parquet"
    pq.write_table(table.set_column(at, column, VALUES[values]), file)
    assert_bars_or_one_message(daily_bars(file))
    assert_bars_or_one_message(intraday_bars(file))


def test_a_blank_ticker_among_numbers_says_where(tmp_path):
    frame = daily().iloc[:3].assign(ticker=[1.0, np.nan, 3.0])
    frame.to_parquet(tmp_path / "a.parquet")
    with pytest.raises(
        DataError, match="column ticker, row 2 below the header: '' is not a ticker"
    ):
        daily_bars(tmp_path / "a.parquet")()


@settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    header=st.permutations(["timestamp", "open", "high", "low", "close", "volume", "x"]),
    rows=st.lists(
        st.lists(
            st.one_of(st.datetimes().map(str), st.floats().map(repr), st.sampled_from(ODD)),
            min_size=7,
            max_size=7,
        ),
        max_size=6,
    ),
)
def test_any_intraday_table_is_bars_or_one_message(tmp_path, header, rows):
    file = tmp_path / "a.csv"
    file.write_bytes(joined([header, *rows]))
    assert_bars_or_one_message(intraday_bars(file))
