"""The commands of the model registry, on a home of their own."""

import json
import subprocess
import sys
from importlib.util import find_spec

import pytest
from rich.console import Console

from tests.pipeline.ledger.samples import EVENING, forecast, har
from tests.pipeline.registry.samples import NOW, facts, model_folder
from tests.pipeline.samples import volcast
from volcast.pipeline.cli import printing
from volcast.pipeline.ledger.ledger import Ledger

pytestmark = pytest.mark.skipif(
    find_spec("mlflow") is None or find_spec("alembic") is None,
    reason="the extra `ops` is not installed: pip install '.[ops]'",
)
LOSSES = {"network": 0.4, "har": 0.5}  # of the validation


def test_the_commands_of_the_registry(three, home):
    here = ("--home", home.folder)
    listed = json.loads(volcast("models", "list", *here, "--json").out)
    assert [each["number"] for each in listed] == [4, 3, 2, 1]
    assert "fallback" in volcast("models", "list", *here).out
    asked = volcast("models", "promote", 3, "--who", "Ada", "--why", "a trial", *here)
    assert (asked.code, asked.err) == (
        0,
        "",
    ) and "champion: network 3; before: har 1" in asked.out
    again = volcast("models", "promote", 3, "--who", "Ada", "--why", "a trial", *here)
    assert "network 3 is already champion" in again.out
    back = volcast("models", "rollback", "--who", "Ada", "--why", "no good", *here, "--json")
    assert json.loads(back.out) == {"champion": "har 1", "before": "network 3"}
    shown = json.loads(volcast("models", "show", 3, *here, "--json").out)
    assert shown["facts"]["key"] == "key 3" and shown["folder"].startswith(str(home.models))
    assert "key 3" in volcast("models", "show", 3, *here).out
    assert "backtest_qlike_1" in volcast("models", "compare", 2, 3, *here).out
    compared = json.loads(volcast("models", "compare", 2, 3, *here, "--json").out)
    assert {"metrics", "facts"} == {row["kind"] for row in compared}
    assert volcast("models", "prune", "--keep", 2, *here).out == "removed 2\n"
    assert json.loads(volcast("models", "prune", "--keep", 2, *here, "--json").out) == {
        "removed": [],
        "forecasts": 0,
    }
    decisions = json.loads(volcast("ledger", "show", "decisions", *here, "--json").out)
    assert [(row["action"], row["who"]) for row in decisions] == [
        ("promote", "Ada"),
        ("rollback", "Ada"),
    ]


def test_the_list_fits_80_columns_and_compares_with_har(registry, home, tmp_path, monkeypatch):
    metrics = {f"validation_qlike_{h}_{m}": v for h in (1, 5, 22) for m, v in LOSSES.items()}
    folder = model_folder(tmp_path / "model", "2")
    registry.register(folder, facts("key 2", metrics=metrics | {"val_loss": 0.3}), now=NOW)
    registry.set_challenger(registry.version(2))
    monkeypatch.setattr(printing, "print_table", lambda table: Console(width=80).print(table))
    lines = volcast("models", "list", "--home", home.folder).out.splitlines()
    (network,) = [line.split() for line in lines if "network 2" in line]
    assert network == ["network", "2", "challenger", "2018-01-02", "2018-01-03", *["0.8"] * 3]
    assert lines[-1].startswith("of HAR: validation QLIKE as a share of HAR's")
    assert max(len(line.rstrip()) for line in lines) <= 80


@pytest.mark.parametrize("command", [("list",), ("show", 1), ("compare", 1, 2), ("prune",)])
def test_a_mistyped_home_is_named_and_left_as_it_is(command, tmp_path):
    keep = ("--keep", 2) if command == ("prune",) else ()
    typo = tmp_path / "typo"
    complaint = volcast("models", *command, *keep, "--home", typo).complaint
    assert complaint.startswith(
        f"there is no registry in {typo}; create one with `volcast retrain`"
    )
    assert not typo.exists()


def test_a_store_that_is_named_needs_no_registry_in_the_home(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    store = f"sqlite:///{tmp_path / 'store.db'}"
    listed = ("models", "list", "--home", tmp_path / "home", "--tracking-uri", store)
    assert "fallback" in volcast(*listed).out
    assert not (tmp_path / "mlruns").exists(), "models lie in the home, not where one happens to be"


def test_pruning_says_how_many_forecasts_can_no_longer_be_rebuilt(three, home):
    with Ledger.to_write(home.ledger) as ledger:
        ledger.add_forecasts([forecast(model_version="2"), har()], now=EVENING)
    pruned = volcast("models", "prune", "--keep", 2, "--home", home.folder).out
    assert pruned == "removed 2\n1 forecast in the ledger can no longer be rebuilt\n"


@pytest.mark.parametrize("command", [("promote", 1), ("rollback",)])
def test_an_override_without_who_and_why_is_refused(command, home):
    here = ("--home", home.folder)
    assert volcast("models", *command, *here).code == 2
    complaint = volcast("models", *command, "--who", " ", "--why", "x", *here).complaint
    assert complaint == "a manual override needs a name and a reason: give --who and --why"


def test_without_mlflow_the_remedy_is_named(home, monkeypatch):
    monkeypatch.setitem(sys.modules, "alembic", None)
    complaint = volcast("models", "list", "--home", home.folder).complaint
    assert complaint.startswith("the model registry needs MLflow")
    assert complaint.endswith("install it: pip install 'volcast[ops]'")


def test_a_command_prints_only_its_answer_and_opens_no_connection(home):
    """In a process of its own: no log, no warning, no usage statistics."""
    script = (
        "import socket, sys\n"
        "def refuse(*a, **k): raise SystemExit('it opened a connection')\n"
        "socket.socket.connect = refuse\n"
        "from volcast.pipeline.cli.main import main\n"
        f"sys.argv = ['volcast', 'models', 'list', '--json', '--home', {str(home.folder)!r}]\n"
        "main()"
    )
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (answer.returncode, answer.stderr) == (0, "")
    assert json.loads(answer.stdout)[0]["facts"]["model"] == "har"
