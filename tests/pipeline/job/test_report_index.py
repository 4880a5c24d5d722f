"""The index of the daily reports, also with entries that are missing or damaged."""

import datetime as dt
import json
import re

import pytest

from volcast.pipeline.home import Home
from volcast.pipeline.job.report_files import ENTRY, INDEX, PAGE
from volcast.pipeline.job.report_index import find_previous_page, write_index

GOOD = {"date": "2018-12-28", "champion": "har 1", "alerts": 2, "forecasts": 6, "qlike_ratio": 0.9}


def write_entry(tmp_path, day, entry):
    folder = Home(tmp_path).reports / day
    folder.mkdir(parents=True)
    (folder / PAGE).write_text("a page")
    if entry is not None:
        (folder / ENTRY).write_bytes(
            entry if isinstance(entry, bytes) else json.dumps(entry).encode()
        )


def build_index(tmp_path):
    write_index(Home(tmp_path))
    return (Home(tmp_path).reports / INDEX).read_text()


def test_the_index_lists_the_newest_first_with_each_entry(tmp_path):
    write_entry(tmp_path, "2018-12-27", GOOD)
    write_entry(tmp_path, "2018-12-28", {**GOOD, "champion": "network 2"})
    page = build_index(tmp_path)
    assert re.findall(r'href="([^"]+)"', page) == [f"2018-12-{day}/{PAGE}" for day in (28, 27)]
    assert re.findall(r"<td[^>]*>([^<]+)</td>", page)[:4] == ["Network 2", "2", "6", "0.900"]


@pytest.mark.parametrize(
    "entry",
    [None, b"", b"{", b"\xff\xfe", [], "text", {"champion": 3, "alerts": "many"}, {"alerts": True}],
)
def test_a_page_whose_entry_is_missing_or_damaged_is_listed_by_its_date(tmp_path, entry):
    write_entry(tmp_path, "2018-12-28", entry)
    page = build_index(tmp_path)
    assert f'href="2018-12-28/{PAGE}"' in page
    assert set(re.findall(r"<td[^>]*>([^<]+)</td>", page)) == {"\N{EN DASH}"}


def test_a_folder_without_a_page_is_not_listed(tmp_path):
    write_entry(tmp_path, "2018-12-28", GOOD)
    (Home(tmp_path).reports / "2018-12-29").mkdir()
    assert "2018-12-29" not in build_index(tmp_path)


def test_the_page_before_is_the_last_one_of_an_earlier_day(tmp_path):
    for day in ("2018-12-20", "2018-12-27", "2018-12-28", "2018-12-31"):
        write_entry(tmp_path, day, None)
    home = Home(tmp_path)
    assert find_previous_page(home, dt.date(2018, 12, 28)) == f"../2018-12-27/{PAGE}"
    assert find_previous_page(home, dt.date(2018, 12, 20)) == ""
