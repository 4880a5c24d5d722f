"""Sources of events of other packages: found by entry point, stored, and held to the contract."""

import datetime as dt
import re
from pathlib import Path

import pytest

from tests.pipeline.events.samples import NOW
from volcast.pipeline.errors import ConfigError
from volcast.pipeline.events.catalogue import list_event_sources

GROUP = "volcast.events"
DOCUMENT = Path(__file__).parents[3] / "docs" / "events.md"


def provide(installed, body) -> None:
    code = f"import pandas as pd\nclass S:\n    def fetch(self, ticker, now):\n        {body}\n"
    installed("theirs", code, "theirs=theirs:S", group=GROUP)


def test_its_events_are_stored_and_a_coming_date_is_learnt_now(installed, load):
    provide(installed, "return pd.DataFrame({'date': ['2024-02-01', '2024-07-25']})")
    assert list_event_sources() == ("edgar", "yahoo", "sample-stocks", "theirs")
    source = load("theirs", "AAA")
    assert source.events["learnt_at"].isna().tolist() == [True, False]
    assert source.events["learnt_at"].iloc[1] == NOW
    again = load("theirs", "AAA", now=NOW + dt.timedelta(days=1))
    assert again.events.equals(source.events) and again.refreshed > source.refreshed


BROKEN = [
    ("return 1 / 0", "it raised ZeroDivisionError: division by zero; see docs/events.md"),
    ("return 3", "fetch must return a DataFrame; it returned int; see docs/events.md"),
    ("return pd.DataFrame({'day': [1]})", "source 'theirs': missing column date"),
    ("return pd.DataFrame({'date': ['soon']})", "source 'theirs': column date, row 1"),
]


@pytest.mark.parametrize(("body", "says"), BROKEN)
def test_a_broken_contract_is_told_in_its_name_and_ends_nothing(installed, load, body, says):
    provide(installed, body)
    source = load("theirs", "AAA")
    assert source.events.empty and says in source.reasons["AAA"] and len(source.notes) == 1


def test_a_source_without_a_date_is_no_failure(installed, load):
    provide(installed, "return pd.DataFrame({'date': []})")
    source = load("theirs", "AAA")
    assert source.reasons == {"AAA": "source 'theirs' names no date"} and source.notes == ()


def test_an_unknown_source_is_answered_with_the_list(load):
    with pytest.raises(ConfigError, match=r"yahoo, sample-stocks, a file such as .*; got 'edgr'"):
        load("edgr", "AAA")


def test_a_source_that_cannot_be_loaded_is_named(installed, load):
    installed("theirs", "raise ValueError('no licence')", "theirs=theirs:S", group=GROUP)
    with pytest.raises(ConfigError, match=r"'theirs' of events cannot be loaded \(ValueError: no"):
        load("theirs", "AAA")


def test_the_example_of_the_document_is_a_source(installed, load, tmp_path, monkeypatch):
    blocks = re.findall(r"^```(\w+)\n(.*?)^```", DOCUMENT.read_text("utf-8"), re.M | re.S)
    (code,) = [text for language, text in blocks if language == "python" and "def fetch" in text]
    (points,) = [text for language, text in blocks if GROUP in text]
    name, value = re.search(r"^(\w+) = \"(.*)\"", points, re.M).groups()
    monkeypatch.chdir(tmp_path)
    Path("calendar.csv").write_text("ticker,date,time\nAAA,2024-07-25,amc\n")
    installed(value.partition(":")[0], code, f"{name} = {value}", group=GROUP)
    assert load(name, "AAA").events["time"].tolist() == ["after_close"]


def test_rows_that_another_process_stores_after_the_clock_was_read_are_not_used(installed, load):
    body = (
        "return pd.DataFrame({'date': ['2024-05-02'] if now.day == NOW_DAY else"
        " ['2024-05-02', '2024-02-01'], 'learnt_at': '2024-01-10T12:00Z'})"
    )
    provide(installed, body.replace("NOW_DAY", str(NOW.day)))
    before = load("theirs", "AAA")
    load("theirs", "AAA", now=NOW + dt.timedelta(days=1))  # stores a row learnt long before
    again = load("theirs", "AAA")
    assert again.events.equals(before.events) and len(before.events) == 1
