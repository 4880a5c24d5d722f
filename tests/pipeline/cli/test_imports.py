"""Which heavy packages each command that only reads may import, which takes most of its time."""

import json
import subprocess
import sys

import pytest

from tests.pipeline.ledger.samples import long_ledger
from tests.pipeline.registry.samples import NEEDS_MLFLOW
from tests.pipeline.samples import volcast

pytestmark = NEEDS_MLFLOW

HEAVY = {
    *("tensorflow", "keras", "mlflow", "sqlalchemy", "alembic", "statsmodels", "arch"),
    *("matplotlib", "scipy", "scipy.stats", "sklearn", "exchange_calendars", "pandas"),
    *("pyarrow.parquet", "h5py", "jinja2", "requests", "yfinance"),
}
FRAMES = {"pandas"}
STORE = {*FRAMES, "pyarrow.parquet"}
ALLOWED = {
    "config": set(),
    "forecast {run}": STORE,
    "forecast {run} --json": STORE,
    "report {run}": {*FRAMES, "scipy", "h5py"},
    "ledger show --home {home}": FRAMES,
    "ledger show decisions --home {home} --json": FRAMES,
    "ledger score --home {home}": {*FRAMES, "scipy"},
    "ledger verify --home {home}": FRAMES,
    "ledger export --home {home} --out {home}/ledger.csv": FRAMES,
    "models list --home {home}": FRAMES,
    "models list --home {home} --json": FRAMES,
    "models show 2 --home {home}": FRAMES,
    "models compare 1 2 --home {home}": FRAMES,
    "data status --data-dir {store}": {*STORE, "exchange_calendars"},
    "data check --data-dir {store}": {*STORE, "exchange_calendars"},
    "data vintages AAA --data-dir {store}": STORE,
    "schedule show --source sample": {*FRAMES, "exchange_calendars"},
}

# Every command runs in a child of its own of one process, which has imported only the application.
SCRIPT = """
import io, json, os, sys
from contextlib import redirect_stderr, redirect_stdout
from volcast.pipeline.cli.main import main
import volcast.pipeline.cli.app
heavy, commands = json.load(sys.stdin)
for words in commands:
    reading, writing = os.pipe()
    if os.fork() == 0:
        sys.argv, code, said = ["volcast", *words], 0, io.StringIO()
        try:
            with redirect_stdout(io.StringIO()), redirect_stderr(said):
                main()
        except SystemExit as ended:
            code = ended.code or 0
        result = [code, said.getvalue(), [name for name in heavy if name in sys.modules]]
        with os.fdopen(writing, "w") as pipe:
            json.dump(result, pipe)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        print(pipe.read())
    os.wait()
"""


def run_each(commands):
    """Return exit code, standard error and imported heavy packages of each command."""
    given = json.dumps([sorted(HEAVY), [line.split() for line in commands]])
    answer = subprocess.run(
        [sys.executable, "-c", SCRIPT], input=given, capture_output=True, text=True
    )
    assert answer.returncode == 0, answer.stderr
    return [json.loads(line) for line in answer.stdout.splitlines()]


@pytest.fixture
def places(three, home, finished, prices, tmp_path):
    """A run, a home with a ledger and a registry, and stored prices."""
    long_ledger(home.ledger)
    store = tmp_path / "store"
    assert volcast("data", "import", prices, "--data-dir", store).code == 0
    return {"run": finished, "home": home.folder, "store": store}


def test_commands_that_only_read_import_what_they_need_and_no_more(places):
    """An entry of the table that is no longer needed has to go, or it could come back unseen."""
    answers = run_each(line.format(**places) for line in ALLOWED)
    imported = {}
    for line, (code, said, heavy) in zip(ALLOWED, answers, strict=True):
        assert code == 0, (line, said)
        imported[line] = set(heavy)
    assert imported == ALLOWED
