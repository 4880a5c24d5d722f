"""The application as a whole: its commands, their help, and what that imports."""

import re
import subprocess
import sys
from typing import Any

import pytest
import typer

from tests.pipeline.samples import volcast
from volcast.pipeline.cli.app import app
from volcast.pipeline.version import __version__

COMMANDS = [
    *("run", "download", "features", "train", "evaluate", "report"),
    *("forecast", "config", "verify", "data", "lab", "lr-find", "map", "landscape"),
    *("check-gradients", "compare", "diagnose", "ledger", "models"),
    *("retrain", "replay", "schedule"),
]
HEAVY = ["numpy", "pandas", "scipy", "sklearn", "keras", "tensorflow", "arch", "matplotlib"]
HEAVY += ["pyarrow", "statsmodels", "exchange_calendars", "yfinance", "jinja2"]
HEAVY += ["mlflow", "sqlalchemy", "sqlite3"]


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_nothing_heavy_is_imported_to_answer(option):
    """And each subcommand's help as well, as it is the same module."""
    script = (
        "import sys; from volcast.pipeline.cli.main import main\n"
        "sys.argv = ['volcast', *sys.argv[1:]]\n"
        "try: main()\n"
        "finally: print('loaded:', *(n for n in sys.modules if '.' not in n), file=sys.stderr)"
    )
    for command in ([], ["run"], ["ledger"], ["models", "list"]) if option == "--help" else ([],):
        answer = subprocess.run(
            [sys.executable, "-c", script, *command, option], capture_output=True, text=True
        )
        loaded = answer.stderr.partition("loaded:")[2].split()
        assert answer.returncode == 0 and "typer" in loaded
        assert not set(loaded) & set(HEAVY)


def test_the_version_is_printed():
    assert volcast("--version").out == f"volcast {__version__}\n"


def test_help_names_every_command():
    shown = volcast("--help").out
    assert all(re.search(rf"^\W*{name}\s", shown, re.MULTILINE) for name in COMMANDS)
    for name in COMMANDS:
        answer = volcast(name, "--help")
        assert answer.code == 0 and f"volcast {name}" in answer.out


def commands(app: typer.Typer) -> list[tuple[str, Any]]:
    """Return every command with its words, those of groups included."""
    found, todo = [], [("", typer.main.get_command(app))]
    while todo:
        words, one = todo.pop()
        found.append((words, one))
        todo += [(f"{words} {name}", each) for name, each in getattr(one, "commands", {}).items()]
    return found


def test_every_command_and_option_has_a_help_of_its_own_and_no_section_leaks():
    for words, one in commands(app):
        first = (one.help or "").split("\n\n")[0]  # examples may follow
        assert first[:1].isupper() and first.rstrip().endswith("."), words
        assert not re.search(r"Parameters|Returns|Raises|---", one.help), words
        for parameter in one.params:
            text = getattr(parameter, "help", None)
            assert text and text.rstrip().endswith("."), (words, parameter.name)


def test_every_command_that_does_something_has_debug():
    for words, one in commands(app):
        names = {parameter.name for parameter in one.params}
        only_groups = hasattr(one, "commands") and not one.invoke_without_command
        assert ("debug" in names) != only_groups, words
