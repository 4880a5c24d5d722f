"""``volcast data``: report dates are refreshed, listed and checked."""

import json

import pytest

from tests.pipeline.data.conftest import make_bars
from tests.pipeline.data.yahoo_standin import Listing
from tests.pipeline.events.conftest import edgar
from tests.pipeline.events.edgar_standin import CONTACT
from tests.pipeline.events.samples import NOW
from tests.pipeline.samples import make_prices, volcast, write_csv
from volcast.pipeline.events.client import build_answer
from volcast.pipeline.events.store import EventStore

__all__ = ["edgar"]

DATES = "ticker,date,time,learnt_at\nAAA,2024-05-02,amc,2024-04-01\nAAA,2099-05-07,bmo,2024-05-03\n"


@pytest.fixture
def settings(tmp_path):
    """Settings with a file of dates and EDGAR, in the test's folder."""
    (tmp_path / "dates.csv").write_text(DATES)
    file = tmp_path / "v.toml"
    events = f'events = ["edgar", "{tmp_path / "dates.csv"}"]'
    file.write_text(f'[data]\n{events}\ncontact = "{CONTACT}"\ndir = "{tmp_path / "store"}"\n')
    return file


def test_update_refreshes_the_report_dates_of_the_settings(standin, edgar, settings):
    edgar.serve("AAA", "2024-05-02 16:05:00")
    standin.listings["AAA"] = Listing(make_bars("AAA").set_index("session"))
    answer = volcast("data", "update", "AAA", "--config", settings, "--rate", 99)
    assert answer.code == 0, answer.err
    assert "3 report dates of 1 tickers" in answer.out
    shown = json.loads(volcast("data", "events", "--config", settings, "--json").out)
    assert [(row["which"], row["date"], row["source"]) for row in shown] == [
        ("last", "2024-05-02", "edgar"),
        ("coming", "2099-05-07", "dates.csv"),
    ]
    edgar.requests.clear()
    checked = json.loads(volcast("data", "events", "--config", settings, "--check", "--json").out)
    expected = {"source": "dates.csv", "reports": 1, "right": 1, "day_off": 0, "further_off": 0}
    assert checked == [expected | {"missing": 0}] and edgar.requests == []


def test_as_of_shows_what_was_known_then(settings):
    answer = volcast("data", "events", "AAA", "--config", settings, "--as-of", "2024-05-01T00:00")
    assert "2024-05-02" in answer.out and "2099" not in answer.out
    assert "Report dates known at 2024-05-01 00:00 UTC" in answer.out


def test_notes_of_the_sources_are_printed(settings, tmp_path):
    (tmp_path / "dates.csv").write_text("ticker,date\nAAA,2018-02-01\n")
    answer = volcast("data", "events", "--config", settings)
    assert "dates.csv: the dates end on 2018-02-01; later reports are not known" in answer.out


def test_check_says_how_often_the_coming_dates_were_right(standin, settings, tmp_path):
    store = ("--data-dir", tmp_path / "store")
    volcast("data", "import", write_csv(tmp_path / "AAA.csv", make_prices()), *store)
    assert "Announced" not in volcast("data", "check", *store).out
    record_announcement(tmp_path / "store")
    out = volcast("data", "check", *store).out
    assert "Announced report dates, as known five sessions before" in out and "yahoo" in out


def record_announcement(folder) -> None:
    answer = build_answer("yahoo", "AAA", [{"date": "2024-07-25", "learnt_at": NOW}])
    EventStore(folder / "events" / "yahoo", "yahoo").record("AAA", answer, NOW)


def test_without_any_source_the_remedy_is_named(tmp_path):
    answer = volcast("data", "events", "--data-dir", tmp_path)
    assert "name sources as data.events in the settings" in answer.complaint


def test_a_wrong_moment_or_source_is_an_error(settings, tmp_path):
    wrong = volcast("data", "events", "--as-of", "soon", "--config", settings)
    assert "--as-of must be a moment such as" in wrong.complaint
    settings.write_text('[data]\nevents = "edgr"\n')
    answer = volcast("data", "events", "AAA", "--config", settings, "--data-dir", tmp_path)
    assert "data.events must name any of edgar, yahoo" in answer.complaint
