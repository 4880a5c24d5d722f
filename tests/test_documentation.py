"""The documentation site: generated pages, the list of pages, and notebooks that run."""

import importlib.util
import json
import re
import sys
from unittest.mock import patch

import pytest

from tests.checkout import ROOT
from volcast.pipeline.config.load import known_keys

DOCS = ROOT / "docs"
NOTEBOOKS = sorted((DOCS / "notebooks").glob("*.ipynb"))
QUICK = {"five_lines"}


def load_script(name):
    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def pages():
    return load_script("generate_pages")


def test_every_command_and_option_is_in_the_reference(pages):
    text = pages.render_commands()
    commands = list(pages.list_commands())
    assert len(commands) > 40
    for words, command in commands:
        section = text.split(f"## {' '.join(words)}\n", 1)[1].split("\n## ")[0]
        for parameter in command.params:
            if parameter.param_type_name == "option" and parameter.name != "help":
                assert f"`{parameter.opts[0]}" in section, (words, parameter.name)


def test_a_row_of_a_generated_table_has_the_cells_of_its_head(pages):
    for text in (pages.render_commands(), pages.render_settings()):
        for table in re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE):
            cells = {len(re.findall(r"(?<!\\)\|", row)) for row in table.splitlines()}
            assert len(cells) == 1, table


def test_every_setting_is_in_the_reference_with_its_default(pages):
    text = pages.render_settings()
    for key in known_keys():
        section, _, name = key.partition(".")
        assert (f"| `{name}` |" if name else f"## [{section}]") in text
    assert "| `learning_rate` | `0.001` | learning rate of the optimizer |" in text


def test_a_benchmark_is_shown_with_command_hardware_and_date(pages):
    text = pages.render_benchmarks(DOCS / "benchmarks")
    files = sorted((DOCS / "benchmarks").glob("*.json"))
    assert files
    for path in files:
        record = json.loads(path.read_text(encoding="utf-8"))
        assert (ROOT / "benchmarks" / f"{path.stem}.py").is_file()
        for name in ("command", "hardware", "date"):
            assert record[name] in text
    assert "| import_volcast_seconds |" in text


def test_every_page_is_in_a_table_of_contents_and_in_llms_txt(pages):
    pages.generate_pages(DOCS)  # the generated ones are in the list
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    listed = pages.render_llms(DOCS)
    paths = [*DOCS.glob("*.md"), *DOCS.glob("guide/*"), *DOCS.glob("notebooks/*")]
    for path in paths:
        name = path.relative_to(DOCS).with_suffix("").as_posix()
        if name != "index":
            assert f"\n{name}\n" in index, name
            assert f"]({name}.html)" in listed, name
    headings = [line for line in listed.splitlines() if line.startswith("## ")]
    assert headings == ["## Guide", "## Notebooks", "## Reference", "## Project"]
    assert "- [Value at risk](guide/value_at_risk.html)" in listed
    assert listed.index("quickstart.html") < listed.index("market.html")  # as on the site


def test_pages_are_executed_again_when_the_code_has_changed(tmp_path):
    choose = load_script("code_cache").choose_cache
    (tmp_path / "models").mkdir()
    (tmp_path / "requirements.lock").write_text("numpy==2.1\n")
    (tmp_path / "models" / "one.py").write_text("x = 1\n")
    first = choose(tmp_path / "cache", tmp_path)
    first.mkdir(parents=True)
    assert choose(tmp_path / "cache", tmp_path) == first and first.is_dir()
    (tmp_path / "models" / "one.py").write_text("x = 2\n")
    second = choose(tmp_path / "cache", tmp_path)
    assert second != first and not first.exists()
    (tmp_path / "requirements.lock").write_text("numpy==2.2\n")
    assert choose(tmp_path / "cache", tmp_path) != second


def test_dead_links_of_a_site_are_found(tmp_path):
    check = load_script("check_links")
    (tmp_path / "one.html").write_text('<a href="two.html#here">x</a><a href="https://x.org">x</a>')
    (tmp_path / "two.html").write_text('<p id="here"><a href="three.html">x</a><a href="#no">x</a>')
    assert check.find_dead_links(tmp_path) == ["two.html: #no", "two.html: three.html"]


def run_notebook(path, folder, monkeypatch):
    """Run the code of a notebook in this process, in a folder of its own."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    names: dict[str, object] = {}
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    for number, cell in enumerate(cells):
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), f"{path.name}, cell {number}", "exec"), names)
    return names


@pytest.fixture
def figures(monkeypatch):
    import matplotlib.pyplot as plt

    plt.switch_backend("Agg")
    yield plt
    plt.close("all")


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(each, marks=[] if each.stem in QUICK else pytest.mark.slow, id=each.stem)
        for each in NOTEBOOKS
    ],
)
def test_a_notebook_runs_and_is_stored_without_output(path, tmp_path, monkeypatch, figures):
    with patch.object(sys, "argv", ["notebook"]):
        names = run_notebook(path, tmp_path, monkeypatch)
    assert figures.get_fignums() and "volcast" in names
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        assert not cell.get("outputs") and cell.get("execution_count") is None


def test_the_first_code_of_the_site_is_five_lines():
    source = (DOCS / "index.md").read_text(encoding="utf-8")
    shown = [
        block
        for block in re.findall(r"```\{code-cell\} python\n(.*?)```", source, re.DOTALL)
        if "remove-cell" not in block
    ]
    lines = [line for line in shown[0].splitlines() if line.strip()]
    assert len(lines) <= 5 and lines[-1] == "result.plot();"
