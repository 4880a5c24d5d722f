"""`volcast lab`: the page, what is printed, and what cannot be written."""

import json
import re
import subprocess
import sys

import pytest

from tests.pipeline.samples import volcast
from tests.reports.outline import outline
from volcast.models.lab.experiments import EXPERIMENTS
from volcast.pipeline.diagnostics import lab
from volcast.pipeline.errors import StorageError
from volcast.pipeline.files import write_text


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The page, written once, with what the command printed."""
    path = tmp_path_factory.mktemp("lab") / "new" / "lab.html"
    return path, volcast("lab", "--out", path, "--json")


@pytest.fixture
def no_experiments(monkeypatch):
    def run():
        raise AssertionError("the experiments ran before the folder was tried")

    monkeypatch.setattr(lab, "build_all_tables", run)


def test_the_page_is_whole_and_needs_nothing_from_outside(written):
    page = written[0].read_text(encoding="utf-8")
    seen = outline(page)
    assert len(seen.ids) == len(set(seen.ids))
    assert all(link.startswith("#") for link in seen.links)
    assert {link[1:] for link in seen.links} <= set(seen.ids)
    assert not re.search(r"https?://(?!www\.w3\.org)", page)


def test_every_experiment_has_a_section_that_ends_with_what_to_do_next(written):
    sections = re.findall(r"<section id=.*?</section>", written[0].read_text(), re.DOTALL)
    assert len(sections) == len(EXPERIMENTS)
    for section in sections:
        last = re.findall(r"<p[ >].*?</p>", section, re.DOTALL)[-1]
        assert last.startswith("<p><b>Next:</b>")
        assert section.rstrip().removesuffix("</section>").rstrip().endswith(last)


def test_no_number_is_missing_and_no_formula_is_shown_raw(written):
    page = written[0].read_text()
    text = re.sub(r"<[^>]+>", " ", page[page.index("<main>") :])
    assert not re.search(r"\bnan\b|\binf\b|mathdefault|\bNone\b", text)


def test_json_names_the_page_and_what_each_section_says(written):
    path, answer = written
    said = json.loads(answer.out)
    assert said["page"] == str(path)
    assert len(said["sections"]) == len(EXPERIMENTS)
    for section in said["sections"]:
        assert section["sentence"] and section["advice"]


def test_the_page_is_written_where_one_is_and_its_place_is_printed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(lab, "build_all_tables", dict)
    monkeypatch.setattr(lab, "build_lab_sections", lambda tables: [])
    assert volcast("lab").out == "lab.html\n"
    assert "optimisation lab" in (tmp_path / "lab.html").read_text()


def test_a_page_that_is_there_survives_a_failure(tmp_path, monkeypatch):
    def fail():
        raise ZeroDivisionError

    monkeypatch.setattr(lab, "build_all_tables", fail)
    write_text(tmp_path / "lab.html", "old")
    with pytest.raises(ZeroDivisionError):
        lab.write_lab(tmp_path / "lab.html")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]


def test_a_folder_is_refused_with_the_remedy(tmp_path, no_experiments):
    with pytest.raises(StorageError, match=r"is a folder; name a file, such as --out .*\.html"):
        lab.write_lab(tmp_path)


def test_a_file_in_the_place_of_the_folder_is_named(tmp_path, no_experiments):
    (tmp_path / "file").write_text("")
    said = volcast("lab", "--out", tmp_path / "file" / "lab.html").complaint
    assert said.startswith(f"cannot write to {tmp_path / 'file'}: ")
    assert said.endswith("choose another --out")


def test_a_folder_without_permission_is_named_before_anything_runs(
    tmp_path, no_experiments, monkeypatch
):
    monkeypatch.setattr(lab.os, "access", lambda folder, mode: False)
    with pytest.raises(StorageError, match="no permission; choose another --out"):
        lab.write_lab(tmp_path / "lab.html")


def test_tensorflow_is_not_imported():
    script = "import sys, volcast.pipeline.diagnostics.lab; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert loaded.returncode == 0
    names = set(loaded.stdout.split())
    assert "volcast.models.backprop.network" in names
    assert not names & {"tensorflow", "keras", "arch", "sklearn"}
