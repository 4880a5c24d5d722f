"""Servers in processes of their own: ended, killed during a change, on a full disk."""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.parse

import pytest
import requests

from tests.pipeline.job.test_disk_space import small_disk  # noqa: F401
from tests.pipeline.registry.samples import NEEDS_MLFLOW, promote, register_networks
from tests.pipeline.serve.samples import NOW, Client, make_home
from volcast.pipeline.home import Home
from volcast.pipeline.ledger.head_file import write_head
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.ledger.verify import verify
from volcast.pipeline.registry.registry import Registry
from volcast.pipeline.serve.options import ServeOptions

CHANGE = {"who": "Ann", "why": "a trial"}
START = 2.0  # seconds within which a server answers
ADDRESS = re.compile(r"http://\S+")


class ServerProcess:
    """`volcast serve` in a group of processes of its own."""

    def __init__(self, home):
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "volcast", "serve", "--home", home.folder, "--port", "0"],
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.log = [self.process.stderr.readline()]
        self.url = ADDRESS.search(self.log[0]).group()
        threading.Thread(target=lambda: self.log.extend(self.process.stderr), daemon=True).start()

    def kill(self):
        """Kill the server and whatever it started, at once."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)


@pytest.fixture
def start():
    """Start servers; those that still run are killed at the end."""
    started = []

    def start_server(home):
        server = ServerProcess(home)
        started.append(server)
        return server

    yield start_server
    for server in started:
        server.kill()
        server.process.stderr.close()


@pytest.fixture(scope="module")
def _registered(tmp_path_factory):
    """A home with forecasts and three networks, the third champion."""
    folder = tmp_path_factory.mktemp("registered")
    home = make_home(folder / "home")
    home.champion.unlink()
    registry = Registry(home)
    register_networks(registry, folder)
    promote(registry, 3)
    with Ledger.to_read(home.ledger) as ledger:
        write_head(home, ledger.head())
    return home


@pytest.fixture
def registered(_registered, tmp_path):
    return Home(shutil.copytree(_registered.folder, tmp_path / "home"))


def as_admin(home, url):
    return Client(url, ServeOptions(home).tokens.create(f"t{time.time_ns()}", "admin", NOW))


def verify_home(home):
    with Ledger.to_read(home.ledger) as ledger:
        return verify(ledger)


def test_a_server_starts_at_once_without_tensorflow(home, start):
    server = start(home)
    assert requests.get(f"{server.url}/healthz", timeout=5).status_code == 200
    assert time.monotonic() - server.began < 4 * START  # the machine of the tests may be busy
    code = (
        "import sys, volcast.pipeline.serve.server\n"
        "heavy = {'tensorflow', 'keras', 'pandas', 'mlflow', 'matplotlib', 'sklearn'}\n"
        "print(sorted(heavy & sys.modules.keys()))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert answer.stdout == "[]\n", answer.stderr


def test_sigterm_answers_what_was_asked_and_ends(home, start):
    server, body = start(home), b'{"who": "Ann", "why": "a trial"}'
    place = urllib.parse.urlsplit(server.url)
    head = (
        "POST /v1/models/2/promote HTTP/1.1",
        f"Host: {place.netloc}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "Expect: 100-continue",
    )
    with socket.create_connection((place.hostname, place.port), timeout=30) as connection:
        connection.sendall("\r\n".join((*head, "", "")).encode())
        assert connection.recv(4096).startswith(b"HTTP/1.1 100 ")  # it has been received
        server.process.terminate()
        with pytest.raises(subprocess.TimeoutExpired):
            server.process.wait(1.0)
        connection.sendall(body)
        assert connection.recv(4096).startswith(b"HTTP/1.1 401 ")
    assert server.process.wait(60) == 0
    assert not [line for line in server.log if "Traceback" in line]


@pytest.mark.slow
@NEEDS_MLFLOW
@pytest.mark.parametrize("seconds", [0.3, 1.5, 4.0])
def test_a_server_killed_during_a_promotion_leaves_a_ledger_that_verifies(
    registered, start, seconds
):
    server = start(registered)
    admin = as_admin(registered, server.url)

    def ask():
        with contextlib.suppress(requests.RequestException):
            admin.post("/v1/models/2/promote", json=CHANGE)

    thread = threading.Thread(target=ask)
    thread.start()
    time.sleep(seconds)
    server.kill()
    thread.join(60)
    verify_home(registered)
    again = as_admin(registered, start(registered).url)
    assert again.get("/readyz").status_code == 200
    assert again.get("/v1/forecasts").status_code == 200
    done = again.post("/v1/models/2/promote", json=CHANGE)
    assert done.status_code == 200 and done.json()["champion"] == "network 2"
    assert again.get("/v1/champion").json()["who"].startswith("Ann (token ")
    verify_home(registered)
    assert Registry(registered).champion().number == 2


@pytest.mark.slow
@NEEDS_MLFLOW
def test_a_full_disk_is_served_and_changes_nothing(_registered, small_disk, start):  # noqa: F811
    home = Home(shutil.copytree(_registered.folder, small_disk / "home"))
    admin = as_admin(home, "")
    before = verify_home(home)
    filling = small_disk / "filling"
    with contextlib.suppress(OSError), filling.open("wb") as opened:
        while True:
            opened.write(bytes(2**16))
    server = start(home)
    admin.url = server.url
    for path in ("/v1/forecasts", "/v1/scores", "/v1/models", "/metrics", "/readyz"):
        assert admin.get(path).status_code == 200, path
    refused = admin.post("/v1/models/2/promote", json=CHANGE)
    assert refused.status_code == 409 and "full" in refused.text
    server.kill()
    filling.unlink()
    assert verify_home(home) == before
    admin.url = start(home).url
    assert admin.post("/v1/models/2/promote", json=CHANGE).status_code == 200
    verify_home(home)


@pytest.mark.slow
def test_a_job_that_is_killed_again_and_again_is_read_all_the_time(tmp_path, start):
    home = Home(tmp_path)
    words = [sys.executable, "-m", "tests.pipeline.ledger.writer", home.ledger]
    with Ledger.to_write(home.ledger):
        pass
    server = start(home)
    statuses, rows, done = [], [], threading.Event()

    def ask():
        with requests.Session() as session:
            while not done.is_set():
                for path in ("/v1/forecasts?limit=5", "/v1/ledger/head", "/metrics"):
                    answer = session.get(server.url + path, timeout=30)
                    statuses.append(answer.status_code)
                    if path.endswith("head"):
                        rows.append(answer.json()["seq"])

    reader = threading.Thread(target=ask)
    reader.start()
    for number in range(4):
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        given = [f"N{number}x", "100000", tmp_path / "stop"]
        with subprocess.Popen([*words, *given], text=True, **pipes) as writer:
            assert writer.stdout.readline() == "ready\n"
            writer.stdin.write("\n")
            writer.stdin.flush()
            for _ in range(40):
                writer.stdout.readline()
            writer.kill()
    done.set()
    reader.join(60)
    assert set(statuses) == {200} and len(statuses) > 20
    assert rows == sorted(rows) and rows[-1] > 0
    assert verify_home(home).rows["forecasts"] >= 4 * 2 * 40
