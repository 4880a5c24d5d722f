"""The registry of models on a home of its own; making MLflow's tables takes seconds, once."""

import json
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from importlib.util import find_spec

import pytest
from rich.console import Console

from tests.pipeline.ledger.samples import EVENING, forecast, har
from tests.pipeline.registry.samples import CURVES, NOW, facts, model_folder
from tests.pipeline.samples import volcast
from volcast.pipeline.cli import printing
from volcast.pipeline.errors import RegistryError
from volcast.pipeline.home import Home
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.ledger.verify import verify
from volcast.pipeline.registry import mlflow_store, promotion
from volcast.pipeline.registry.champion_file import read_champion
from volcast.pipeline.registry.promotion import Grounds
from volcast.pipeline.registry.registry import Registry
from volcast.pipeline.registry.versions import differences

pytestmark = pytest.mark.skipif(
    find_spec("mlflow") is None or find_spec("alembic") is None,
    reason="the extra `ops` is not installed: pip install '.[ops]'",
)


LOSSES = {"network": 0.4, "har": 0.5}  # of the validation


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    """A home with a new registry: HAR alone."""
    folder = tmp_path_factory.mktemp("template") / "home"
    Registry(Home(folder))
    return folder


@pytest.fixture
def home(template, tmp_path):
    """A copy; opening it moves MLflow's addresses along."""
    return Home(shutil.copytree(template, tmp_path / "home"))


@pytest.fixture
def registry(home):
    return Registry(home)


@pytest.fixture
def three(registry, tmp_path):
    """Three networks, versions 2 to 4, beside HAR."""
    for number in (2, 3, 4):
        folder = model_folder(tmp_path / f"model-{number}", str(number))
        registry.register(folder, facts(f"key {number}", qlike=number / 10), now=NOW)
    return registry


def numbers(registry):
    return [version.number for version in registry.versions()]


def promote(registry, number):
    registry.apply(registry.promotion(number))


def test_har_is_registered_once_and_champion_until_another_is(home, registry):
    for opened in (registry, Registry(home)):
        assert numbers(opened) == [1]
        assert opened.fallback() == opened.champion()
        assert opened.champion().model == "har" and opened.champion().aliases == ("fallback",)
    assert opened.challenger() is None


def test_a_registered_model_has_all_that_is_known_of_it(registry, tmp_path):
    folder = model_folder(tmp_path / "model", "x")
    version = registry.register(folder, facts("key"), now=NOW)
    assert (version.number, version.model, version.aliases) == (2, "network", ())
    assert version.parameters["model.learning_rate"] == "0.001"
    assert version.metrics["backtest_qlike_1"] == 0.5
    known = {
        "key": "key",
        "data_hash": "data",
        "config_hash": "settings",
        "trained_through": "2018-01-02",
        "registered_at": "2018-01-03T23:00:00+00:00",
    }
    assert known.items() <= version.facts.items()
    copied = registry.folder(version)
    assert (copied / "regressor" / "network.keras").read_text() == "xxx"
    shutil.rmtree(folder)
    assert registry.folder(registry.version(2)) == copied


def test_the_curves_are_medians_over_the_members_by_epoch(registry, tmp_path):
    version = registry.register(model_folder(tmp_path / "m", "x"), facts("key"), now=NOW)
    for name in ("train_loss", "val_loss"):
        kept = registry._client.get_metric_history(version.run, name)
        medians = CURVES.groupby("epoch")[name].median()
        assert {each.step: each.value for each in kept} == medians.to_dict()


def test_the_same_model_twice_is_one_version(three, tmp_path):
    again = three.register(tmp_path / "model-3", facts("key 3", qlike=9.0), now=NOW)
    assert again.number == 3 and again.metrics["backtest_qlike_1"] == 0.3
    assert numbers(three) == [4, 3, 2, 1]


def test_a_registration_killed_on_the_way_leaves_no_version_and_starts_over(
    registry, tmp_path, monkeypatch
):
    folder = model_folder(tmp_path / "model", "x")
    for step in ("create_run", "log_batch", "set_terminated", "create_model_version"):
        with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
            patched.setattr(registry._client, step, interrupted)
            registry.register(folder, facts("key"), now=NOW)
        assert numbers(registry) == [1]
    assert registry.register(folder, facts("key"), now=NOW).number == 2
    runs = registry._client.search_runs([registry._experiment])
    assert len(runs) == 2
    assert len(list(registry.home.models.iterdir())) == 2


def interrupted(*_, **__):
    raise KeyboardInterrupt


def test_promotion_moves_the_alias_and_rollback_goes_back_step_by_step(three):
    three.set_challenger(three.version(3))
    assert three.challenger().number == 3
    for number in (2, 3, 4):
        promote(three, number)
        assert three.champion().number == number
    assert three.challenger() is None  # it became champion
    assert three.promotion(4) is None
    for number in (3, 2, 1):
        three.apply(three.reversal())
        assert three.champion().number == number
    with pytest.raises(RegistryError, match="version 1 is the first champion: there is none"):
        three.reversal()
    promote(three, 4)
    promote(three, 1)  # demoted to HAR
    assert three.champion().model == "har"
    assert three.champion().aliases == ("champion", "fallback")
    three.set_challenger(three.version(2))
    three.set_challenger(None)
    three.set_challenger(None)
    assert three.challenger() is None


def test_an_unknown_version_is_named_with_those_there_are(three):
    with pytest.raises(RegistryError, match="there is no version 9; registered are 4, 3, 2, 1"):
        three.version(9)


def test_prune_never_removes_what_has_an_alias_or_is_rolled_back_to(three):
    promote(three, 2)
    promote(three, 3)
    folders = {number: three.folder(three.version(number)) for number in (2, 3, 4)}
    assert three.prune(4) == []
    assert three.prune(0) == [4]
    assert numbers(three) == [3, 2, 1]
    assert [folders[number].exists() for number in (2, 3, 4)] == [True, True, False]
    three.apply(three.reversal())
    assert three.champion().number == 2
    assert three.prune(0) == [3]
    with pytest.raises(RegistryError, match="keep 0 versions or more; got -1"):
        three.prune(-1)


def test_the_numbers_of_removed_versions_are_not_given_again(three, tmp_path):
    promote(three, 4)
    assert three.prune(1) == [3, 2]
    new = model_folder(tmp_path / "new", "new")
    assert three.register(new, facts("new"), now=NOW).number == 5
    assert three.prune(0) == [5]
    assert three.register(new, facts("newer"), now=NOW).number == 6


def test_differences_are_all_metrics_and_what_settings_differ(three, tmp_path):
    other = facts("other", parameters={"model.learning_rate": 0.01, "model.hidden": (32, 16)})
    version = three.register(model_folder(tmp_path / "other", "o"), other, now=NOW)
    rows = differences(three.version(2), version).set_index("name")
    assert rows.loc["backtest_qlike_1", ["one", "other"]].tolist() == [0.2, 0.5]
    assert rows.loc["model.learning_rate", ["one", "other"]].tolist() == ["0.001", "0.01"]
    assert "model.hidden" not in rows.index and "data_hash" not in rows.index


def test_an_altered_or_missing_folder_is_said(three):
    version = three.version(3)
    folder = three.folder(version)
    (folder / "forecast.json").write_text("4")
    with pytest.raises(RegistryError, match=r"is not what was registered; put back"):
        three.folder(version)
    shutil.rmtree(folder)
    with pytest.raises(RegistryError, match="is missing"):
        three.folder(version)


def test_the_champion_is_known_without_mlflow(three, home):
    assert read_champion(Home(home.folder / "nowhere")) is None
    promote(three, 3)
    champion, folder = read_champion(home)
    assert (champion.version, champion.model) == (3, "network")
    assert folder == three.folder(three.version(3))
    home.registry.write_bytes(b"garbage" * 900)
    assert read_champion(home)[0] == champion
    (folder / "forecast.json").write_text("altered")
    with pytest.raises(RegistryError, match="is not what was registered"):
        read_champion(home)
    home.champion.write_text("{")
    with pytest.raises(RegistryError, match=r"champion.json is damaged"):
        read_champion(home)


def test_an_alias_set_elsewhere_is_noted_at_the_next_look(three, home):
    """As MLflow's own page does it."""
    three._client.set_registered_model_alias("volcast", "champion", "4")
    assert three.champion().number == 4
    assert read_champion(home)[0].version == 4


def test_a_damaged_store_is_said_with_the_remedy(three, home):
    home.registry.write_bytes(b"garbage" * 900)
    complaint = volcast("models", "list", "--home", home.folder).complaint
    assert "registry.db does not answer" in complaint and "put back your last copy" in complaint


def test_a_home_that_moved_is_whole(three, home, tmp_path):
    promote(three, 3)
    moved = Home(home.folder.rename(tmp_path / "elsewhere"))
    registry = Registry(moved)
    assert registry.champion().number == 3
    assert moved.folder in registry.folder(registry.champion()).parents
    with closing(sqlite3.connect(moved.registry)) as store:
        for table, column in mlflow_store.ADDRESSES:
            rows = store.execute(f"SELECT {column} FROM {table}").fetchall()
            assert not [row for row in rows if row[0] and str(home.folder) in row[0]]
    listed = registry._client.list_artifacts(registry.champion().run)
    assert {each.path for each in listed} == {"config.toml", "model"}


def test_a_store_elsewhere_keeps_the_models_and_they_are_fetched(template, tmp_path):
    """Another SQLite stands for a server: its artefacts are not under the home."""
    store = tmp_path / "server" / "mlflow.db"
    store.parent.mkdir()
    shutil.copy(template / "registry.db", store)
    uri = f"sqlite:///{store}"
    with closing(sqlite3.connect(store)) as connection, connection:
        before = (template / "models").as_uri()
        shutil.copytree(template / "models", tmp_path / "server" / "models")
        now = (tmp_path / "server" / "models").as_uri()
        for table, column in mlflow_store.ADDRESSES:
            connection.execute(
                f"UPDATE {table} SET {column} = replace({column}, ?, ?)", (before, now)
            )
    one, other = Home(tmp_path / "one"), Home(tmp_path / "other")
    writer = Registry(one, uri)
    writer.register(model_folder(tmp_path / "model", "x"), facts("key"), now=NOW)
    reader = Registry(other, uri)
    promote(reader, 2)
    folder = reader.folder(reader.champion())
    assert other.folder in folder.parents
    assert (folder / "regressor" / "network.keras").read_text() == "xxx"
    assert writer.champion().number == 2
    assert not one.registry.exists()


def test_the_tracking_store_is_the_option_then_the_variable_then_the_home(tmp_path, monkeypatch):
    home = Home(tmp_path)
    assert mlflow_store.is_local(home, mlflow_store.tracking_uri(home))
    monkeypatch.setenv("VOLCAST_TRACKING_URI", "http://localhost:5000")
    assert mlflow_store.tracking_uri(home) == "http://localhost:5000"
    assert mlflow_store.tracking_uri(home, "sqlite:///x.db") == "sqlite:///x.db"
    assert not mlflow_store.is_local(home, "sqlite:///x.db")


def test_each_change_of_champion_stands_in_the_ledger_with_who_and_why(three, home):
    grounds = Grounds("better by 5 % at p = 0.01", {"p": 0.01, "effect": 0.05})
    with Ledger.to_write(home.ledger) as ledger:
        change = promotion.promote(three, ledger, 2, grounds, now=NOW)
        assert (change.before.number, change.after.number) == (1, 2)
        assert promotion.promote(three, ledger, 2, grounds, now=NOW) is None
        promotion.rollback(three, ledger, Grounds.by_hand("Ada", "it looked odd"), now=NOW)
        rows = ledger.table("decisions")
        verify(ledger)
    assert list(rows["action"]) == ["promote", "rollback"]
    assert list(rows["subject"]) == ["network 2", "har 1"]
    assert json.loads(rows["numbers"][0]) == {
        "p": 0.01,
        "effect": 0.05,
        "over": "har 1",
        "version": 2,
    }
    assert list(rows["who"].isna()) == [True, False]
    assert rows.loc[1, ["who", "why"]].tolist() == ["Ada", "it looked odd"]


def test_killed_between_ledger_and_alias_the_decision_stands_and_can_be_made_true(
    three, home, monkeypatch
):
    with Ledger.to_write(home.ledger) as ledger:
        with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
            patched.setattr(three, "apply", interrupted)
            promotion.promote(three, ledger, 2, Grounds("better"), now=NOW)
        assert three.champion().number == 1
        assert promotion.promote(three, ledger, 2, Grounds("better"), now=NOW).after.number == 2
        assert three.champion().number == 2
        assert list(ledger.table("decisions")["action"]) == ["promote"]


def test_the_commands_of_the_registry(three, home):
    here = ("--home", home.folder)
    told = json.loads(volcast("models", "list", *here, "--json").out)
    assert [each["number"] for each in told] == [4, 3, 2, 1]
    assert "fallback" in volcast("models", "list", *here).out
    asked = volcast("models", "promote", 3, "--who", "Ada", "--why", "a trial", *here)
    assert (asked.code, asked.err) == (
        0,
        "",
    ) and "champion: network 3; before it har 1" in asked.out
    again = volcast("models", "promote", 3, "--who", "Ada", "--why", "a trial", *here)
    assert "network 3 is champion already" in again.out
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
    assert lines[-1].startswith("of HAR: QLIKE on the validation as a share of HAR's")
    assert max(len(line.rstrip()) for line in lines) <= 80


@pytest.mark.parametrize("command", [("list",), ("show", 1), ("compare", 1, 2), ("prune",)])
def test_a_mistyped_home_is_told_and_left_as_it_is(command, tmp_path):
    keep = ("--keep", 2) if command == ("prune",) else ()
    typo = tmp_path / "typo"
    complaint = volcast("models", *command, *keep, "--home", typo).complaint
    assert complaint.startswith(f"there is no registry in {typo}; `volcast retrain` makes one")
    assert not typo.exists()


def test_a_store_that_is_named_needs_no_registry_in_the_home(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    store = f"sqlite:///{tmp_path / 'store.db'}"
    listed = ("models", "list", "--home", tmp_path / "home", "--tracking-uri", store)
    assert "fallback" in volcast(*listed).out
    assert not (tmp_path / "mlruns").exists(), "models lie in the home, not where one happens to be"


def test_pruning_tells_how_many_forecasts_can_no_longer_be_made_again(three, home):
    with Ledger.to_write(home.ledger) as ledger:
        ledger.add_forecasts([forecast(model_version="2"), har()], now=EVENING)
    pruned = volcast("models", "prune", "--keep", 2, "--home", home.folder).out
    assert pruned == "removed 2\n1 of the ledger's forecasts can no longer be made again\n"


@pytest.mark.parametrize("command", [("promote", 1), ("rollback",)])
def test_an_override_without_who_and_why_is_refused(command, home):
    here = ("--home", home.folder)
    assert volcast("models", *command, *here).code == 2
    complaint = volcast("models", *command, "--who", " ", "--why", "x", *here).complaint
    assert complaint == "a manual override needs who and why: name both --who and --why"


def test_without_mlflow_the_remedy_is_said(home, monkeypatch):
    monkeypatch.setitem(sys.modules, "alembic", None)
    complaint = volcast("models", "list", "--home", home.folder).complaint
    assert complaint.startswith("the model registry needs MLflow")
    assert complaint.endswith("install it: pip install 'volcast[ops]'")


def test_a_command_says_nothing_but_its_answer_and_asks_nobody(home):
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


@pytest.mark.slow
def test_two_processes_that_make_the_registry_at_once_make_one(tmp_path):
    script = (
        "import sys; from pathlib import Path; from volcast.pipeline.home import Home; "
        "from volcast.pipeline.registry.registry import Registry; "
        "print([each.number for each in Registry(Home(Path(sys.argv[1]))).versions()])"
    )
    command = [sys.executable, "-c", script, tmp_path]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for process in both:
        said, _ = process.communicate(timeout=300)
        assert (process.returncode, said) == (0, "[1]\n")
