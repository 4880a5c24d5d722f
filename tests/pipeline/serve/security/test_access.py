import logging

import pytest

from tests.pipeline.serve.samples import NOW, Client, serving

CHANGE = {"who": "Ann", "why": "a trial"}


def test_each_kind_of_token_may_what_it_may(closed, as_reader, as_admin):
    gone = Client(closed.url, closed.tokens["gone"])
    assert closed.get("/v1/tickers").status_code == 401
    assert gone.get("/v1/tickers").status_code == 401
    assert as_reader.get("/v1/tickers").status_code == 200
    assert as_admin.get("/v1/tickers").status_code == 200
    assert closed.post("/v1/retrain").status_code == 401
    assert gone.post("/v1/retrain").status_code == 401
    assert as_reader.post("/v1/retrain").status_code == 403
    assert as_reader.post("/v1/models/2/promote", json=CHANGE).status_code == 403
    assert as_reader.post("/v1/rollback", json=CHANGE).status_code == 403
    assert as_admin.post("/v1/rollback", json={"who": "Ann"}).status_code == 422
    assert "bearer" in closed.get("/v1/tickers").headers["www-authenticate"].lower()


@pytest.mark.parametrize(
    "path", ["/metrics", "/openapi.json", "/v1/ledger/head", "/nothing", "/", "/v1/jobs/x"]
)
def test_nothing_but_the_status_is_open(closed, path):
    assert closed.get(path).status_code == 401
    assert closed.get("/healthz").status_code == closed.get("/readyz").status_code == 200


@pytest.mark.parametrize("value", ["", "Basic YTpi", "Bearer", "Bearer \xe9", "bearer volcast_"])
def test_another_authorization_is_refused(closed, value):
    assert closed.get("/v1/tickers", headers={"authorization": value}).status_code == 401


def test_a_server_without_tokens_reads_and_changes_nothing(server):
    assert server.get("/v1/tickers").status_code == 200
    assert server.post("/v1/retrain").status_code == 401


def test_tokens_that_are_created_later_count_at_once(home, tmp_path):
    with serving(home, token_file=tmp_path / "tokens.json") as client:
        assert client.get("/v1/tickers").status_code == 200
        client.app.state.tokens.create("ann", "read", NOW)
        assert client.get("/v1/tickers").status_code == 401


def test_a_server_that_only_reads_refuses_admins(home, tmp_path):
    with serving(home, token_file=tmp_path / "t.json", read_only=True) as client:
        client.token = client.app.state.tokens.create("ann", "admin", NOW)
        answer = client.post("/v1/retrain")
    assert answer.status_code == 403 and "--read-only" in answer.text


def test_the_log_names_tokens_and_has_nothing_to_replay(closed, as_admin, as_reader, caplog):
    caplog.set_level(logging.INFO, "volcast.serve")
    as_admin.post("/v1/rollback?x=secret", json={"who": "Ann", "why": "hidden"})
    as_reader.post("/v1/retrain")
    closed.get("/v1/tickers%0AFORGED", headers={"authorization": "Bearer volcast_stolen"})
    assert "422 POST /v1/rollback token=admin" in caplog.text
    assert "403 POST /v1/retrain token=reader" in caplog.text
    assert "\nFORGED" not in caplog.text
    secrets = [token.split("_", 2)[2] for token in closed.tokens.values()]
    for hidden in (*secrets, "stolen", "secret", "hidden"):
        assert hidden not in caplog.text


def test_no_other_site_is_answered(server):
    answer = server.get("/v1/tickers", headers={"origin": "https://elsewhere.example"})
    assert not [name for name in answer.headers if name.startswith("access-control")]
    assert server.get("/v1/tickers", headers={"host": "elsewhere.example"}).status_code == 421
    assert server.get("/v1/tickers", headers={"host": "localhost:1"}).status_code == 200


def test_every_answer_has_the_headers(server):
    for path in ("/v1/tickers", "/nothing", "/healthz"):
        headers = server.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
