"""Whatever is sent, no answer is a failure of the server, and nothing is written."""

import random
import socket
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

from tests.pipeline.serve.hostile import build_request
from tests.pipeline.serve.samples import NOW, make_home, serving
from volcast.pipeline.files import hash_path
from volcast.pipeline.serve.security import body_limit

CLIENTS = 4


def send(client, request: bytes) -> tuple[str, bytes, bytes]:
    """Return status ("closed" without an answer), answer and request."""
    address = urlsplit(client.url)
    answer = b""
    with socket.create_connection((address.hostname, address.port), timeout=30) as connection:
        try:
            connection.sendall(request)
            while part := connection.recv(65536):
                answer += part
        except ConnectionError:  # the server closed it while too much was sent
            pass
    status = answer.split(b" ", 2)[1].decode() if answer.startswith(b"HTTP/1.1 ") else "closed"
    return status, answer, request


@pytest.mark.parametrize("count", [500, pytest.param(10_000, marks=pytest.mark.slow)])
def test_nothing_makes_the_server_fail_or_write(count, tmp_path, monkeypatch):
    monkeypatch.setattr(body_limit, "MAXIMUM_SECONDS", 1.0)
    home = make_home(tmp_path / "home")
    rng = random.Random(count)
    with serving(home, rate=0) as client:
        token = client.app.state.tokens.create("reader", "read", NOW)
        client.app.state.tokens.create("admin", "admin", NOW)
        before = {path: hash_path(path) for path in (home.ledger, home.folder / "tokens.json")}
        files = {path.name for path in home.folder.iterdir()}
        requests = [build_request(rng, token) for _ in range(count)]
        with ThreadPoolExecutor(CLIENTS) as pool:
            answers = list(pool.map(lambda request: send(client, request), requests))
    statuses = Counter(status for status, _, _ in answers)
    failed = [(answer[:300], sent[:300]) for status, answer, sent in answers if status[0] == "5"]
    assert not failed, failed[:3]
    assert {"200", "400", "401", "403", "404", "405", "422"} <= statuses.keys()
    leaks = [sent for _, answer, sent in answers if str(home.folder).encode() in answer]
    assert not leaks, leaks[:3]
    assert {path: hash_path(path) for path in before} == before
    assert {path.name for path in home.folder.iterdir()} <= files
