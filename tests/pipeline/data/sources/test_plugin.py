"""Sources of other packages: found by entry point, and held to the contract."""

import re
import sqlite3
from pathlib import Path

import pandas as pd
import pytest

from tests.pipeline.data.conftest import asking, make_bars
from tests.pipeline.samples import volcast
from volcast.pipeline.data.sources.factory import build_source
from volcast.pipeline.errors import DataError

ROOT = Path(__file__).parents[4]
DOCUMENT = (ROOT / "docs" / "sources.md").read_text(encoding="utf-8")
IMPORTS = (
    "from volcast.pipeline.data.contract.source import Download\n"
    "from tests.pipeline.data.conftest import make_bars\n"
)
GOOD = "return Download(make_bars(), {})"


def source_that(install, body):
    """Return a source whose `load` has this body, by way of its entry point."""
    code = f"{IMPORTS}class S:\n    def __init__(self, path): pass\n"
    install("theirs", f"{code}    def load(self, request):\n        {body}\n", "theirs=theirs:S")
    return build_source("theirs")


def block(language, holding):
    """Return the one block of a language in docs/sources.md that holds a text."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL)
    (found,) = [text for text in blocks if holding in text]
    return found


@pytest.fixture
def database(tmp_path):
    """Two tickers in SQLite, as the document's example has them."""
    bars = pd.concat([make_bars("AAA"), make_bars("BBB")])
    file = tmp_path / "prices.db"
    with sqlite3.connect(file) as connection:
        bars.rename(columns={"session": "day"}).to_sql("prices", connection, index=False)
    connection.close()
    return file


def test_the_example_of_the_document_is_a_source(installed, database, tmp_path):
    code = block("python", "class SqliteSource")
    name, value = re.search(r"^(\w+) = \"(.*)\"", block("toml", "entry-points"), re.M).groups()
    assert len(code.splitlines()) <= 32
    installed("my_prices", code, f"{name} = {value}")
    options = ("run", "--source", name, "--data", database, "--ticker", "AAA", "--ticker", "NOPE")
    out = tmp_path / "run"
    answer = volcast(*options, "--out", out)
    assert "NOPE is left out: there is no such ticker" in answer.err
    assert "21 bars of 1 tickers, 2024-01-02 to 2024-01-31" in answer.err
    bars = pd.read_parquet(out / "bars.parquet")
    columns = ["ticker", "session", "open", "high", "low", "close", "volume"]
    pd.testing.assert_frame_equal(bars[columns], make_bars("AAA")[columns])
    missing = volcast("run", "--source", name, "--data", tmp_path / "none.db", "--out", out)
    assert "none.db: cannot be read (unable to open database file)" in missing.complaint
    assert "needs data.path" in volcast("run", "--source", name, "--out", tmp_path / "x").complaint


def test_a_changed_file_loads_a_brought_source_again(installed, database, tmp_path):
    installed("my_prices", block("python", "class SqliteSource"), "sqlite = my_prices:SqliteSource")
    config, out = tmp_path / "v.toml", tmp_path / "run"
    config.write_text(f'[data]\nsource = "sqlite"\npath = "{database}"\n')
    assert volcast("download", out, "--config", config).code == 0
    assert "download: unchanged, skipped" in volcast("download", out, "--config", config).err
    with sqlite3.connect(database) as connection:
        connection.execute("DELETE FROM prices WHERE ticker = 'BBB'")
    connection.close()
    assert "21 bars of 1 tickers" in volcast("download", out, "--config", config).err


def test_bars_in_any_order_are_put_right(installed):
    source = source_that(installed, "return Download(make_bars().iloc[::-1], {})")
    pd.testing.assert_frame_equal(source.load(asking("AAA")).bars, make_bars())


def test_a_ticker_passed_over_in_silence_is_a_failure(installed):
    source = source_that(installed, GOOD)
    failures = source.load(asking("AAA", "BBB")).failures
    assert failures == {"BBB": "source 'theirs' returned neither bars nor a reason"}


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("return make_bars()", "load must return a Download; it returned DataFrame"),
        ("return None", "it returned NoneType"),
        ("return Download([1], {})", "bars must be a DataFrame; they are list"),
        ("return 1 / 0", "it raised ZeroDivisionError: division by zero"),
        ("return Download(make_bars().drop(columns='open'), {})", "its bars lack the columns open"),
        ("return Download(make_bars().assign(open='x'), {})", "its bars have a wrong type"),
        ("return Download(make_bars().assign(session='x'), {})", "its bars have a wrong type"),
        ("return Download(make_bars().iloc[:0], {})", "it returned no bars"),
        ("return Download(make_bars('ZZZ'), {})", "it returned ZZZ, which was not requested"),
    ],
)
def test_an_error_about_the_contract_names_the_source(installed, body, says):
    with pytest.raises(DataError) as caught:
        source_that(installed, body).load(asking("AAA"))
    assert str(caught.value).startswith("source 'theirs' broke its contract: ")
    assert says in str(caught.value) and "docs/sources.md" in str(caught.value)


def test_a_reason_of_the_sources_own_is_handed_on(installed):
    body = "from volcast.pipeline.errors import DataError; raise DataError('the shop is closed')"
    with pytest.raises(DataError, match=r"^the shop is closed$"):
        source_that(installed, body).load(asking("AAA"))
