"""A run with report dates and a series: what it says of them, and that leaks in them are found."""

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest

from tests.pipeline.samples import make_prices, volcast, write_config, write_csv
from volcast.features import report_columns
from volcast.features.known_reports import KnownReports

DATES = pd.bdate_range("2016-02-04", "2018-11-20", freq="65B")


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory, prices):
    """A run on dates of AAA that are announced a week ahead, on undated ones of BBB, and a VIX."""
    folder = tmp_path_factory.mktemp("dated")
    write_csv(folder / "vix.csv", make_prices("^VIX", 5))
    learnt = DATES - pd.Timedelta(days=7)
    dated = pd.DataFrame({"ticker": "AAA", "date": DATES, "learnt_at": learnt.strftime("%Y-%m-%d")})
    write_csv(folder / "dated.csv", dated)
    write_csv(folder / "undated.csv", pd.DataFrame({"ticker": "BBB", "date": DATES}))
    lines = f'[data]\nsource = "files"\npath = "{prices}"\n'
    sources = ("--events", folder / "dated.csv", "--events", folder / "undated.csv")
    answer = volcast(
        *("run", "--config", write_config(folder / "run.toml", lines), "--out", folder / "run"),
        *(*sources, "--exogenous", f"^VIX={folder / 'vix.csv'}"),
    )
    assert answer.code == 0, answer.err
    return folder / "run"


def verify(folder):
    return volcast("verify", folder)


def test_it_says_of_which_dates_it_is_not_known_when_they_were_learnt(run_dir):
    says = "t is not known when 12 of 24 report dates were learnt: those are dates as they are "
    stages = json.loads((run_dir / "manifest.json").read_text())["stages"]
    (note,) = [each for each in stages["download"]["summary"]["notes"] if says in each]
    assert "known afterwards, taken as announced 10 sessions ahead; " in note
    assert f"I{says}" in (run_dir / "report.md").read_text()


def test_its_report_has_a_table_of_what_is_known_of_each_ticker(run_dir):
    page = (run_dir / "report.md").read_text()
    assert "For 2 of 2 tickers" in page and "| AAA |" in page


@pytest.mark.slow
def test_verify_finds_no_look_ahead_in_it(run_dir):
    answer = verify(run_dir)
    assert answer.code == 0 and "no look-ahead" in answer.err, answer


def test_verify_finds_dates_that_were_learnt_after_the_origin(run_dir, monkeypatch):
    """As if the columns were computed from all dates of the data, whenever they were learnt."""
    compute = report_columns._compute_columns

    def know_all(bars, reports: KnownReports):
        always = np.zeros_like(reports.known_from)
        return compute(bars, dataclasses.replace(reports, known_from=always))

    monkeypatch.setattr(report_columns, "_compute_columns", know_all)
    complaint = verify(run_dir).complaint
    assert "look-ahead: the feature report_" in complaint
