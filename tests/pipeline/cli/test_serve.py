import json
from importlib.util import find_spec

import pytest

from tests.pipeline.samples import volcast

pytestmark = pytest.mark.skipif(
    find_spec("prometheus_client") is None, reason="needs the extra `serve`"
)


def test_tokens_are_created_listed_and_revoked(tmp_path):
    file = ("--token-file", tmp_path / "tokens.json")
    created = volcast("serve", "token", "create", "ann", "--role", "admin", *file)
    assert created.out.startswith("volcast_") and len(created.out.splitlines()) == 1
    made = json.loads(volcast("serve", "token", "create", "bob", *file, "--json").out)
    assert (made["name"], made["role"]) == ("bob", "read")
    assert volcast("serve", "token", "revoke", "ann", *file).out == "revoked ann\n"
    listed = json.loads(volcast("serve", "token", "list", *file, "--json").out)
    assert [(row["name"], row["revoked_at"] is None) for row in listed] == [
        ("ann", False),
        ("bob", True),
    ]
    shown = volcast("serve", "token", "list", *file).out
    assert "ann" in shown and created.out.strip()[-20:] not in shown
    assert "no valid token" in volcast("serve", "token", "revoke", "ann", *file).complaint


def test_an_address_that_others_reach_is_refused_without_tokens(tmp_path):
    answer = volcast("serve", "--home", tmp_path, "--host", "0.0.0.0", "--port", 0)
    assert "served only with tokens" in answer.complaint


def test_a_port_in_use_is_named(tmp_path):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        answer = volcast("serve", "--home", tmp_path, "--port", port)
    assert f"port {port}" in answer.complaint and "choose another" in answer.complaint
