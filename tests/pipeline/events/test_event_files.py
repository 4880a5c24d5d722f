"""Events from files, by way of the settings."""

from pathlib import Path

import pandas as pd
import pytest

from tests.pipeline.events.samples import NOW
from volcast.pipeline.config.load import load_config, with_absolute_paths
from volcast.pipeline.errors import DataError
from volcast.pipeline.events.load_events import LoadedEvents, load_events
from volcast.pipeline.progress import Progress

CSV = "Symbol,Date,Time\nAAA,2024-02-01,amc\nBBB,2024-04-25,\nAAA,2024-05-02,bmo\n"


def load(*paths: Path, tickers=("AAA",), now=NOW, **settings) -> LoadedEvents:
    data = {"events": [str(path) for path in paths], **settings}
    return load_events(load_config(None, {"data": data}), tickers, now, Progress())


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "earnings.csv"
    path.write_text(CSV, encoding="utf-8")
    return path


def test_a_file_gives_the_requested_tickers(file):
    loaded = load(file, tickers=("AAA", "CCC"))
    assert loaded.events["date"].dt.strftime("%m-%d").tolist() == ["02-01", "05-02"]
    assert loaded.events["time"].tolist() == ["after_close", "before_open"]
    assert set(loaded.events["source"]) == {"earnings.csv"}
    assert loaded.failures == {"CCC": "earnings.csv has no date of it"}
    assert (loaded.notes, loaded.refreshed) == ((), {"earnings.csv": None})


def test_parquet_and_a_folder_are_read_too_and_a_file_may_be_named_after_its_ticker(file, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    pd.read_csv(file).to_parquet(folder / "two.parquet")
    (folder / "CCC.csv").write_text("date\n20240509\n", encoding="utf-8")
    loaded = load(folder, tickers=("AAA", "CCC"))
    assert loaded.events["ticker"].tolist() == ["AAA", "AAA", "CCC"]
    assert loaded.events["date"].iloc[-1] == pd.Timestamp("2024-05-09")


def test_columns_of_versions_are_read_and_rows_learnt_later_are_left_out(file):
    file.write_text(
        "ticker,date,learnt_at,source,authoritative\n"
        "AAA,2024-05-02,2024-04-01T12:00Z,desk,false\n"
        "AAA,2024-05-03,2024-04-20T12:00Z,desk,true\n"
        "AAA,2024-02-01,,,\n",
        encoding="utf-8",
    )
    assert load(file).events["authoritative"].tolist() == [False, False, True]
    assert load(file).events["source"].tolist() == ["earnings.csv", "desk", "desk"]
    then = load(file, as_of="2024-04-20T11:59")
    assert then.events["date"].dt.day.tolist() == [1, 2]
    assert then.content != load(file).content == load(file, now=NOW).content


def test_dates_that_end_long_ago_are_noted(file):
    later = NOW.replace(year=2025)
    assert load(file, now=later).notes == (
        "earnings.csv: the dates end on 2024-05-02; later reports are not known",
    )


def test_a_ticker_named_na_is_a_ticker(file):
    file.write_text("symbol,date\nNA,2024-05-02\n", encoding="utf-8")
    assert load(file, tickers=("NA",)).events["ticker"].tolist() == ["NA"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("symbol,time\nAAA,amc\n", "earnings.csv: missing column date; found 'symbol', 'time'"),
        ("symbol,date\nAAA,1 May\n", "earnings.csv: column date, row 1 below the header: '1 May'"),
        ("symbol,date\n", "earnings.csv: the file has a header but no rows"),
        ("", "earnings.csv: the file is empty"),
    ],
)
def test_a_malformed_file_is_an_error(file, text, says):
    file.write_text(text, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        load(file)
    assert says in str(caught.value)


def test_a_wrong_path_is_an_error(tmp_path):
    with pytest.raises(DataError, match=r"none\.csv: there is no such file or folder"):
        load(tmp_path / "none.csv")


def test_without_sources_there_are_no_events_and_nothing_fails():
    loaded = load()
    assert loaded.events.empty and loaded.failures == {} and loaded.notes == ()


def test_one_entry_needs_no_list_and_paths_are_made_absolute_but_names_are_not(
    monkeypatch, tmp_path
):
    monkeypatch.chdir(tmp_path)
    assert load_config(None, {"data": {"events": "edgar"}}).data.events == ("edgar",)
    entries = ["edgar", "dates.csv", "./dates", "my-source"]
    config = with_absolute_paths(load_config(None, {"data": {"events": entries}}))
    absolute = (str(tmp_path / "dates.csv"), str(tmp_path / "dates"))
    assert config.data.events == ("edgar", *absolute, "my-source")
