import socket
import time
from urllib.parse import urlsplit

import pytest

from tests.pipeline.serve.samples import serving
from volcast.pipeline.serve import server as server_module
from volcast.pipeline.serve.security import body_limit
from volcast.pipeline.serve.security.rate_limit import RateLimit


def exchange(client, *parts: bytes, pause: float = 0.0) -> bytes:
    """Send raw bytes, with pauses; return what is answered until the connection ends."""
    address = urlsplit(client.url)
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        for part in parts:
            connection.sendall(part)
            time.sleep(pause)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_a_header_that_is_too_large_is_not_read(server):
    head = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nx: "
    try:
        answered = exchange(server, head, b"y" * 1_000_000)
    except ConnectionError:  # it was closed before all was sent
        answered = b""
    assert answered.split(b" ")[1:2] in ([], [b"400"], [b"431"])


def test_a_bucket_fills_again():
    now = [0.0]
    limit = RateLimit(2.0, 3.0, clock=lambda: now[0])
    assert [limit.take("a") for _ in range(4)] == [0, 0, 0, 0.5]
    assert limit.take("b") == 0
    now[0] = 1.0
    assert [limit.take("a") for _ in range(3)] == [0, 0, 0.5]


def test_an_address_that_sends_too_much_has_to_wait(home):
    with serving(home, rate=2) as client:
        answers = [client.get("/v1/ledger/head") for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 4 + [429] * 2
    assert answers[-1].headers["retry-after"] == "1"


def test_a_large_body_is_refused(as_admin):
    large = b"x" * (body_limit.MAXIMUM_BYTES + 1)
    assert as_admin.post("/v1/retrain", data=large).status_code == 413
    assert as_admin.post("/v1/retrain", data=iter([large[:9], large])).status_code == 413
    assert as_admin.post("/v1/retrain", data=b"x" * 99).status_code == 422


def test_a_body_that_does_not_arrive_is_given_up(closed, monkeypatch):
    monkeypatch.setattr(body_limit, "MAXIMUM_SECONDS", 0.2)
    head = b"POST /v1/retrain HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\nab"
    assert exchange(closed, head).startswith(b"HTTP/1.1 408 ")


def test_a_connection_without_a_request_is_closed(home, monkeypatch):
    monkeypatch.setattr(server_module, "HEADER_TIMEOUT", 0.2)
    with serving(home) as client:
        assert exchange(client, b"GET /healthz HTTP/1.1\r\nho") == b""


@pytest.mark.parametrize(
    "text",
    [
        b"GET / HTTP/x\r\n\r\n",
        b"\x00\x01\x02\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\n\r\n",
        b"POST /v1/retrain HTTP/1.1\r\nhost: localhost\r\ncontent-length: x\r\n\r\n",
    ],
)
def test_what_is_no_request_is_refused(server, text):
    assert exchange(server, text).split(b" ")[1:2] == [b"400"]
