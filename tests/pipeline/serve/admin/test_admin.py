"""Retrainings, changes and proofs, with other programs in place of the command line."""

import json
import shutil
import subprocess
import sys
import time

import pytest

from tests.pipeline.serve.samples import NOW, serving
from volcast.pipeline.files import lock_folder
from volcast.pipeline.home import Home
from volcast.pipeline.serve.admin import champion_change, retraining, verification
from volcast.pipeline.serve.admin.command import start_command
from volcast.pipeline.serve.api import documents

CHANGE = {"who": "Ann", "why": "--a trial"}
REPEAT = "import json, sys; print(json.dumps({'champion': sys.argv[1:], 'before': ''}))"


@pytest.fixture
def run(monkeypatch):
    """Make the server start a program of Python in place of `volcast`."""

    def replace(code: str) -> None:
        def start(home, words):
            given = [sys.executable, "-c", code, *words]
            pipe = subprocess.PIPE
            return subprocess.Popen(given, stdout=pipe, stderr=pipe, text=True)

        for module in (retraining, champion_change, verification):
            monkeypatch.setattr(module, "start_command", start)

    return replace


@pytest.fixture
def admin(home, tmp_path):
    copy = Home(shutil.copytree(home.folder, tmp_path / "home"))
    with serving(copy) as client:
        client.token = client.app.state.tokens.create("ann", "admin", NOW)
        client.home = copy
        yield client


def wait_for(admin, path):
    for _ in range(200):
        document = admin.get(path).json()
        if document["state"] != "running":
            return document
        time.sleep(0.02)
    raise AssertionError("it did not end")


def test_a_retraining_is_a_job_that_can_be_asked_for(admin, run):
    run("import sys; print('{\"forecasts\": 4}'); sys.exit(3)")
    answer = admin.post("/v1/retrain", json={"if_due": True})
    assert answer.status_code == 202
    job = wait_for(admin, answer.headers["location"])
    documents.JobDocument.model_validate_json(json.dumps(job), strict=False)
    assert (job["state"], job["exit_code"], job["summary"]) == ("done", 3, {"forecasts": 4})
    assert job["requested_by"] == "ann"
    assert 'volcast_server_retrainings_total{state="done"} 1.0' in admin.get("/metrics").text


def test_a_retraining_that_fails_says_why_without_paths(admin, run):
    run(f"import sys; sys.exit('volcast: {admin.home.folder}/ledger.db is locked')")
    job = wait_for(admin, admin.post("/v1/retrain").headers["location"])
    assert (job["state"], job["detail"]) == ("failed", "HOME/ledger.db is locked")


def test_a_retraining_if_due_is_true_or_false(admin, run):
    run("raise SystemExit('never started')")
    answer = admin.post("/v1/retrain", json={"if_due": 0})
    assert answer.status_code == 422 and "body.if_due" in answer.text


def test_one_retraining_at_a_time(admin, run):
    run("import time; time.sleep(30)")
    assert admin.post("/v1/retrain").status_code == 202
    for path in ("/v1/retrain", "/v1/rollback"):
        again = admin.post(path, json=None if path == "/v1/retrain" else CHANGE)
        assert again.status_code == 409 and "is in progress" in again.text
    jobs = admin.app.state.retrainings
    jobs.close()
    assert jobs.list_jobs()[0].state == "stopped"
    assert admin.post("/v1/retrain").status_code == 409


def test_a_home_at_work_is_not_retrained(admin, run):
    run("raise SystemExit('never started')")
    with lock_folder(admin.home.folder):
        answer = admin.post("/v1/retrain")
    assert answer.status_code == 409 and "HOME is in use" in answer.text
    run(REPEAT)
    assert admin.post("/v1/rollback", json=CHANGE).status_code == 200


def test_who_and_why_cannot_become_options(admin, run):
    run(REPEAT)
    answer = admin.post("/v1/models/2/promote", json=CHANGE).json()
    given = ["models", "promote", "2", "--who=Ann (token ann)", "--why=--a trial", "--json"]
    assert answer["champion"] == given
    assert admin.post("/v1/rollback", json=CHANGE).json()["champion"] == [
        *given[:1],
        "rollback",
        *given[3:],
    ]


def test_a_change_needs_who_and_why(admin, run):
    run("raise SystemExit('never started')")
    headers = {"content-type": "application/json"}
    for body in (
        *({}, [], "x", None, {"who": "Ann"}, {**CHANGE, "x": 1}),
        *({"who": " ", "why": "x"}, {"who": "A\nB", "why": "x"}),
        *({"who": "\ud800", "why": "x"}, {"who": "A" * 101, "why": "x"}),
    ):
        text = json.dumps(body)
        answer = admin.post("/v1/models/2/promote", data=text, headers=headers)
        assert answer.status_code == 422, (text, answer.text)


def test_a_change_that_is_not_possible_says_why(admin, run):
    with lock_folder(admin.home.folder):  # by the real command, which finds the home in use
        locked = admin.post("/v1/rollback", json=CHANGE)
    assert locked.status_code == 409 and "HOME is in use" in locked.text
    run("import sys; sys.exit('volcast: version 1 is the first champion')")
    answer = admin.post("/v1/rollback", json=CHANGE)
    assert (answer.status_code, answer.json()["detail"]) == (409, "version 1 is the first champion")
    assert admin.post("/v1/models/9/promote", json=CHANGE).status_code == 404


def test_a_proof_is_kept_until_the_ledger_grows(admin, run):
    head = json.dumps({"rows": {"alerts": 1}, "head": admin.get("/v1/ledger/head").json()})
    run(f"print({head!r})")
    proof = admin.get("/v1/ledger/verify").json()
    documents.ProofDocument.model_validate_json(json.dumps(proof), strict=False)
    assert (proof["state"], proof["rows"]) == ("intact", {"alerts": 1})
    run("import sys; sys.exit('volcast: row 3 was altered')")
    assert admin.get("/v1/ledger/verify").json() == proof


def test_a_ledger_that_was_altered_is_no_failure_of_the_server(admin, run):
    run("import sys; sys.exit('volcast: row 3 was altered')")
    answer = admin.get("/v1/ledger/verify")
    assert answer.status_code == 200
    assert (answer.json()["state"], answer.json()["detail"]) == ("damaged", "row 3 was altered")


def test_a_ledger_that_cannot_be_read_now_is_not_called_damaged(admin, run):
    run("import sys; sys.exit('volcast: cannot access the ledger: the disk is full')")
    assert admin.get("/v1/ledger/verify").json()["state"] == "failed"
    run("import sys; sys.exit('volcast: row 3 was altered')")
    assert admin.get("/v1/ledger/verify").json()["state"] == "damaged"


def test_the_real_command_line_is_started_with_the_home(home):
    process = start_command(home, ["ledger", "verify", "--json"])
    out, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert json.loads(out)["rows"]["forecasts"] == 120
