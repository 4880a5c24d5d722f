"""The commands that diagnose, the stage, and the sections of the report."""

import json

import pandas as pd
import pytest

from tests.pipeline.samples import volcast
from volcast.pipeline.backtest.run_folder import (
    DIAGNOSIS,
    HISTORY,
    REPORT_HTML,
    REPORT_MD,
    read_manifest,
    write_manifest,
)
from volcast.pipeline.diagnostics.tables import read_tables


@pytest.fixture(scope="module")
def diagnosed(tmp_path_factory, small):
    """A run whose settings ask for one diagnostic."""
    folder = tmp_path_factory.mktemp("diagnosed")
    config = folder / "config.toml"
    config.write_text(small.read_text() + '\n[diagnose]\nparts = ["rates"]\n')
    answer = volcast("run", "--config", config, "--out", folder / "run")
    assert answer.code == 0, answer.err
    return folder / "run"


def test_the_report_has_a_section_for_what_was_asked(diagnosed, finished):
    tables = read_tables(diagnosed / DIAGNOSIS)
    assert set(tables) == {"rates"} and set(tables["rates"]) == {"curve", "members"}
    page = (diagnosed / REPORT_HTML).read_text()
    assert '<section id="rates">' in page and 'href="#rates"' in page
    assert "**Next:** " in (diagnosed / REPORT_MD).read_text()
    assert '<section id="rates">' not in (finished / REPORT_HTML).read_text()


@pytest.mark.slow
def test_a_second_run_measures_nothing_again(diagnosed):
    answer = volcast("run", "--config", diagnosed / "config.toml", "--out", diagnosed)
    assert "diagnose: unchanged, skipped" in answer.err


def test_the_finder_writes_its_page_and_tables_into_a_run(run_dir):
    answer = volcast("lr-find", run_dir, "--json")
    message = json.loads(answer.out)
    assert message["sentence"].startswith("The loss falls fastest at a learning rate of ")
    assert message["advice"] and message["page"] == str(run_dir / "pages" / "rates.html")
    assert len(pd.read_csv(run_dir / "pages" / "rates.members.csv")) == 16
    assert (run_dir / "pages" / "rates.html").read_text().startswith("<!doctype html>")


def test_the_finder_can_apply_what_it_found(run_dir):
    answer = volcast("lr-find", run_dir, "--apply", "--quiet")
    rate = float(answer.out.split("learning rate of ")[1].split(" ")[0])
    manifest = json.loads((run_dir / "manifest.json").read_text())
    assert f"learning_rate = {rate}" in (run_dir / "config.toml").read_text()
    assert set(manifest["stages"]) >= {"train", "evaluate", "report"}
    history = pd.read_csv(run_dir / HISTORY)
    assert (history["learning_rate"] == rate).all()


@pytest.mark.slow
def test_processes_find_what_one_process_finds(run_dir):
    pages, found = run_dir / "pages", []
    for options in ((), ("--cluster", 2)):
        answer = volcast("compare", "batch-sizes", run_dir, *options)
        assert answer.code == 0, answer.err
        tables = {path.name: pd.read_csv(path) for path in pages.glob("batch-sizes.*.csv")}
        assert len(tables) >= 2
        found.append(
            {n: t.drop(columns="ms_per_epoch", errors="ignore") for n, t in tables.items()}
        )
    for table in found[0]:
        pd.testing.assert_frame_equal(found[0][table], found[1][table], check_exact=True)


def test_a_diagnostic_needs_no_run_before_it(tmp_path, small):
    answer = volcast("compare", "learning-rates", tmp_path / "new", "--config", small, "--json")
    assert answer.code == 0, answer.err
    assert (tmp_path / "new" / "pages" / "learning-rates.html").exists()
    assert not (tmp_path / "new" / "model").exists()


def test_curves_of_a_finished_run_are_judged(run_dir):
    answer = volcast("diagnose", "curves", run_dir)
    assert "folds" in answer.out and "Next: " in answer.out
    assert (run_dir / "pages" / "curves.html").exists()


def test_curves_need_a_run(tmp_path):
    assert "is not a run folder" in volcast("diagnose", "curves", tmp_path).complaint


def test_curves_need_a_trained_run(run_dir):
    (run_dir / HISTORY).unlink()
    assert "history.csv is missing" in volcast("diagnose", "curves", run_dir).complaint


def test_an_unknown_diagnostic_is_named_with_the_known_ones(tmp_path, small):
    config = tmp_path / "config.toml"
    config.write_text(small.read_text() + '\n[diagnose]\nparts = ["weather"]\n')
    complaint = volcast("run", "--config", config, "--out", tmp_path / "run").complaint
    assert "diagnose.parts must be 'rates', 'map'" in complaint and "'weather'" in complaint


def test_the_report_alone_asks_for_the_stage_before_it_by_its_command(run_dir):
    manifest = read_manifest(run_dir)
    del manifest["stages"]["diagnose"]
    write_manifest(run_dir, manifest)
    complaint = volcast("report", run_dir).complaint
    assert f"run `volcast diagnose all {run_dir}` first" in complaint
    assert volcast("diagnose", "all", run_dir).code == 0
    assert volcast("report", run_dir).code == 0
