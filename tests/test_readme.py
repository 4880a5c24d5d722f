"""Every command that a document for users shows works; nothing names this machine."""

import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pandas as pd
import pytest
import requests
from typer.testing import CliRunner

from tests.checkout import ROOT, build_wheel, copy_without_links, tracked_files
from tests.pipeline.samples import TINY
from volcast.pipeline.cli.app import app
from volcast.pipeline.config.load import load_config
from volcast.pipeline.config.settings import Config

DOCUMENTS = ("README.md", "CONTRIBUTING.md", "docs/data.md", "docs/sources.md")
FENCE = re.compile(r"^```(?:sh|console)\n(.*?)^```", re.MULTILINE | re.DOTALL)


class Trial:
    """A folder with tiny settings, prices as a CSV file, and a finished run of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config, self.prices = folder / "tiny.toml", folder / "prices.csv"
        self.run_dir = folder / "run"
        self.config.write_text(TINY)
        self.volcast("run", "--config", str(self.config), "--out", str(self.run_dir))
        bars = pd.read_parquet(self.run_dir / "bars.parquet")
        bars.drop(columns="variance").to_csv(self.prices, index=False)

    def volcast(self, *arguments: str) -> str:
        """Run a command in this process and return what it prints."""
        result = CliRunner().invoke(app, arguments, catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.stdout


Check = Callable[[Trial, list[str]], object]
REPLACED = ("--config", "--out", "--ticker", "--start", "--end", "--data-dir", "--as-of")
REPLACED += ("--events", "--exogenous")


def run(trial: Trial, words: list[str]) -> None:
    """Run all stages as shown, on the tiny settings and without the network."""
    options = ["--config", str(trial.config), "--out", str(trial.folder / "shown")]
    given = iter(words[2:])
    for word in given:
        if word in REPLACED:
            next(given)  # ours stand in
        elif word == "--source":
            options += ["--source", next(given).replace("yahoo", "sample")]
        elif word == "--data":
            next(given)
            options += ["--data", str(trial.prices)]
        else:
            options.append(word)
    trial.volcast("run", *options)
    assert (trial.folder / "shown" / "report.html").stat().st_size > 0


def on_the_run(trial: Trial, words: list[str]) -> None:
    """Run a command that takes a run folder, on the finished run."""
    options = [str(trial.config) if word.endswith(".toml") else word for word in words[3:]]
    trial.volcast(words[1], str(trial.run_dir), *options)


def diagnoses(trial: Trial, words: list[str]) -> None:
    """Run a diagnostic on the finished run; it must write a page."""
    pages = trial.run_dir / "pages"
    before = set(pages.glob("*.html"))
    place = next(n for n, word in enumerate(words) if word.endswith("-run"))
    trial.volcast(*words[1:place], str(trial.run_dir), *words[place + 1 :])
    assert set(pages.glob("*.html")) - before


def on_the_store(trial: Trial, words: list[str]) -> None:
    """Run a data command on a store of the trial's prices; of an update try the options alone."""
    store = ["--data-dir", str(trial.folder / "store")]
    trial.volcast("data", "import", str(trial.prices), *store)
    if words[2] in ("update", "intraday"):
        shown = trial.volcast("data", words[2], "--help")
        assert all(word in shown for word in words if word.startswith("--"))
        return
    ours = {"SPY": "^GSPC", "prices.csv": str(trial.prices)}
    options = [ours.get(word, word) for word in words[2:]]
    if "--out" in options:
        at = options.index("--out") + 1
        options[at] = str(trial.folder / options[at])
    trial.volcast("data", *options, *store)


def inspects(trial: Trial, words: list[str]) -> None:
    """Show how the trial's prices are read."""
    assert "prices.csv: " in trial.volcast("data", "inspect", str(trial.prices), *words[4:])


def on_the_home(trial: Trial, words: list[str]) -> None:
    """Run a command of the daily job in the trial's home, on its settings."""
    home = str(trial.folder / "home")
    given = words[1 : words.index("--home")]
    options = ["--config", str(trial.config)] if given[0] == "retrain" else []
    if given[0] != "retrain" and not Path(home).exists():
        trial.volcast("retrain", "--home", home, "--config", str(trial.config))
    trial.volcast(*given, "--home", home, *options)


def serves(trial: Trial, words: list[str]) -> None:
    """Serve the trial's home at a free port until it has answered."""
    home = trial.folder / "home"
    if not home.exists():
        trial.volcast("retrain", "--home", str(home), "--config", str(trial.config))
    command = [sys.executable, "-m", "volcast", "serve", "--home", str(home), "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        try:
            address = server.stderr.readline().split()[-1]
            assert requests.get(f"{address}/healthz", timeout=30).status_code == 200
        finally:
            server.terminate()
            server.communicate(timeout=60)
    assert server.returncode == 0


def prints_settings(trial: Trial, words: list[str]) -> None:
    """Print the default settings, which must be readable again."""
    printed = trial.folder / "printed.toml"
    printed.write_text(trial.volcast(*words[1:]))
    assert load_config(printed) == Config()


def as_it_stands(trial: Trial, words: list[str]) -> None:
    """Run a command that needs nothing."""
    trial.volcast(*words[1:])


def writes_the_lab(trial: Trial, words: list[str]) -> None:
    """Write the lab's page where the trial's files are."""
    page = trial.folder / "lab.html"
    trial.volcast("lab", "--out", str(page))
    assert page.stat().st_size > 0


def make_target(trial: Trial, words: list[str]) -> None:
    """Ask make for the commands of a target, without running them."""
    command = ["make", "--dry-run", *words[1:]]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr


def benchmark_module(trial: Trial, words: list[str]) -> None:
    """Look for the script; `make bench` runs it."""
    assert (ROOT / f"{words[2].replace('.', '/')}.py").is_file(), words[2]


def installs(trial: Trial, words: list[str]) -> None:
    """Build the wheel; tests/test_packaging.py installs one."""
    if int(version("setuptools").split(".")[0]) < 77:  # as [build-system] says
        pytest.skip("setuptools is too old to build the wheel; `make test` has the locked one")
    build_wheel(copy_without_links(trial.folder / "source"), trial.folder / "dist")


def words_only(trial: Trial, words: list[str]) -> None:
    """Leave a command of the shell or of git to the reader."""


# How the commands that begin with these words are tried; the longest beginning counts.
KNOWN: dict[str, Check] = {
    "git clone": words_only,
    "cd": words_only,
    "make": make_target,
    "python -m benchmarks": benchmark_module,
    ".venv/bin/python -m benchmarks": benchmark_module,
    "pip install .": installs,
    "pip install .[ops]": words_only,
    "pip install .[serve]": words_only,
    "volcast serve": serves,
    "volcast serve token": on_the_home,
    "volcast run": run,
    "volcast config": prints_settings,
    "volcast data": on_the_store,
    "volcast data inspect": inspects,
    "volcast --version": as_it_stands,
    "volcast --help": as_it_stands,
    "volcast forecast --pretrained-only": as_it_stands,
    "volcast lab": writes_the_lab,
    **{
        f"volcast {name}": on_the_home
        for name in ("retrain", "replay", "ledger", "models", "schedule")
    },
    **{
        f"volcast {name}": diagnoses
        for name in ("lr-find", "map", "compare", "landscape", "diagnose", "check-gradients")
    },
    **{
        f"volcast {name}": on_the_run
        for name in ("download", "features", "train", "evaluate", "report", "forecast", "verify")
    },
}


def commands(text: str) -> list[str]:
    """Return the commands of the `sh` and `console` blocks of a document.

    In a block with `$ ` prompts the other lines are output; comments and redirections are left
    out, continued lines are joined.
    """
    found = []
    for block in FENCE.findall(text):
        lines = block.replace("\\\n", " ").splitlines()
        prompted = any(line.startswith("$ ") for line in lines)
        for line in lines:
            if prompted and not line.startswith("$ "):
                continue
            command = re.split(r"\s[#>]", f" {line.removeprefix('$ ')}")[0].strip()
            found += [part.strip() for part in command.split("&&") if part.strip()]
    return found


def check_of(command: str) -> Check:
    """Return how a command is tried; fail for one that nobody has said it of."""
    beginnings = [known for known in KNOWN if re.match(rf"{re.escape(known)}(?![\w-])", command)]
    if not beginnings:
        pytest.fail(f"{command!r} is shown but never tried: enter it into KNOWN of this file")
    return KNOWN[max(beginnings, key=len)]


SHOWN = [(name, line) for name in DOCUMENTS for line in commands((ROOT / name).read_text())]


@pytest.fixture(scope="module")
def trial(tmp_path_factory):
    return Trial(tmp_path_factory.mktemp("readme"))


@pytest.mark.slow  # `make check` runs all of this file
@pytest.mark.parametrize(("document", "command"), SHOWN)
def test_a_command_shown_in_a_document_works(document, command, trial):
    words = shlex.split(command)
    if words[0].endswith("bin/volcast"):
        words[0] = "volcast"
    check_of(" ".join(words))(trial, words)


def test_prompts_comments_continuations_and_output_are_told_apart():
    text = "```sh\nmake demo  # a comment\nvolcast run \\\n  --quiet\n# nothing\n```\n"
    text += "```console\n$ cd x && volcast config > my.toml\n0.53\n```\n```python\nmake it\n```\n"
    assert commands(text) == ["make demo", "volcast run    --quiet", "cd x", "volcast config"]


def test_an_unknown_command_fails_with_what_to_do():
    with pytest.raises(pytest.fail.Exception, match="'volcast runaway' is shown but never tried"):
        check_of("volcast runaway")


def test_a_missing_make_target_fails():
    with pytest.raises(AssertionError, match="no-such-target"):
        make_target(None, ["make", "no-such-target"])


FORBIDDEN = {
    "a machine's path": r"(?<![\w.])/(work|root|opt|home/\w+|Users/\w+)/",
    "a package index": r"pypi\.(org|python)|pythonhosted\.org|--(extra-)?index-url|--find[-]links",
    "a file address": r"file:///\w",
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_names_a_machine_or_a_package_index(what):
    pattern = re.compile(FORBIDDEN[what])
    texts = [path for path in tracked_files() if b"\0" not in path.read_bytes()[:8192]]
    assert ROOT / "pyproject.toml" in texts
    named = [
        f"{path.relative_to(ROOT)}: {found.group()}"
        for path in texts
        if (found := pattern.search(path.read_text(encoding="utf-8", errors="replace")))
    ]
    assert not named, f"{what} stands in {named}"
