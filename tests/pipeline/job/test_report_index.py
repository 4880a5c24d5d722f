"""The index of the evenings' pages, and what it makes of notes that are missing or damaged."""

import datetime as dt
import json
import re

import pytest

from volcast.pipeline.home import Home
from volcast.pipeline.job.report_index import INDEX, NOTE, PAGE, earlier_page, write_index

GOOD = {"date": "2018-12-28", "champion": "har 1", "alerts": 2, "forecasts": 6, "qlike_ratio": 0.9}


def with_note(tmp_path, day, note):
    folder = Home(tmp_path).reports / day
    folder.mkdir(parents=True)
    (folder / PAGE).write_text("a page")
    if note is not None:
        (folder / NOTE).write_bytes(note if isinstance(note, bytes) else json.dumps(note).encode())


def index_of(tmp_path):
    write_index(Home(tmp_path))
    return (Home(tmp_path).reports / INDEX).read_text()


def test_the_index_lists_the_newest_first_with_what_each_note_says(tmp_path):
    with_note(tmp_path, "2018-12-27", GOOD)
    with_note(tmp_path, "2018-12-28", {**GOOD, "champion": "network 2"})
    page = index_of(tmp_path)
    assert re.findall(r'href="([^"]+)"', page) == [f"2018-12-{day}/{PAGE}" for day in (28, 27)]
    assert re.findall(r"<td[^>]*>([^<]+)</td>", page)[:4] == ["Network 2", "2", "6", "0.900"]


@pytest.mark.parametrize(
    "note",
    [None, b"", b"{", b"\xff\xfe", [], "text", {"champion": 3, "alerts": "many"}, {"alerts": True}],
)
def test_a_page_whose_note_is_missing_or_damaged_is_listed_by_its_date(tmp_path, note):
    with_note(tmp_path, "2018-12-28", note)
    page = index_of(tmp_path)
    assert f'href="2018-12-28/{PAGE}"' in page
    assert set(re.findall(r"<td[^>]*>([^<]+)</td>", page)) == {"\N{EN DASH}"}


def test_a_folder_without_a_page_is_not_listed(tmp_path):
    with_note(tmp_path, "2018-12-28", GOOD)
    (Home(tmp_path).reports / "2018-12-29").mkdir()
    assert "2018-12-29" not in index_of(tmp_path)


def test_the_page_before_is_the_last_one_of_an_earlier_day(tmp_path):
    for day in ("2018-12-20", "2018-12-27", "2018-12-28", "2018-12-31"):
        with_note(tmp_path, day, None)
    home = Home(tmp_path)
    assert earlier_page(home, dt.date(2018, 12, 28)) == f"../2018-12-27/{PAGE}"
    assert earlier_page(home, dt.date(2018, 12, 20)) == ""
