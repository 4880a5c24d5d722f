"""One home and two servers of it, which the tests only read: open to this machine, and closed."""

from importlib.util import find_spec

import pytest

# Without the extra `serve` there is nothing to test here; the extra `dev` includes it.
INSTALLED = all(find_spec(name) for name in ("fastapi", "prometheus_client", "uvicorn"))
collect_ignore_glob = [] if INSTALLED else ["*"]
if INSTALLED:
    from tests.pipeline.serve.samples import NOW, Client, make_home, serving


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    """A home; not to be changed."""
    return make_home(tmp_path_factory.mktemp("served"))


@pytest.fixture(scope="session")
def server(home):
    """A server without tokens, which reads for everybody on this machine."""
    with serving(home, rate=0) as client:
        yield client


@pytest.fixture(scope="session")
def closed(home, tmp_path_factory):
    """A server with tokens: one that reads, one of an admin, one that was revoked."""
    file = tmp_path_factory.mktemp("tokens") / "tokens.json"
    with serving(home, rate=0, token_file=file) as client:
        tokens = client.app.state.tokens
        client.tokens = {name: tokens.create(name, "read", NOW) for name in ("reader", "gone")}
        client.tokens["admin"] = tokens.create("admin", "admin", NOW)
        tokens.revoke("gone", NOW)
        yield client


@pytest.fixture
def as_reader(closed):
    return Client(closed.url, closed.tokens["reader"])


@pytest.fixture
def as_admin(closed):
    return Client(closed.url, closed.tokens["admin"])
