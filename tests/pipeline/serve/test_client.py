import re

import pandas as pd
import pytest

import volcast
from tests.checkout import ROOT
from tests.pipeline.serve.samples import NOW, SESSIONS, serving
from volcast.pipeline.errors import ConfigError, DataError
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.serve import client as client_module
from volcast.pipeline.serve.client import ServerClient


def test_a_table_is_that_of_the_ledger(server, home, monkeypatch):
    monkeypatch.setattr(client_module, "ROWS_AT_ONCE", 25)
    with ServerClient(server.url) as client:
        found = client.table("forecasts", role="all").sort_values("seq", ignore_index=True)
    with Ledger.to_read(home.ledger) as ledger:
        expected = ledger.table("scored")
    assert len(found) == 4 * SESSIONS
    for name in ("origin", "target_end", "written_at", "variance", "realized", "live", "role"):
        pd.testing.assert_series_equal(found[name], expected[name], check_dtype=name != "role")


def test_rows_are_selected_and_counted(server):
    with ServerClient(server.url) as client:
        assert len(client.table("forecasts", ticker="AAA", rows=7)) == 7
        assert client.table("outcomes", from_="2016-02-16")["origin"].nunique() == 1
        assert set(client.table("tickers")["ticker"]) == {"AAA", "BBB"}
        assert client.table("scores", ticker="AAA")["series"].iloc[0] == "issued"
        assert client.table("events").empty
        assert client.document("champion")["version"] == 2


def test_a_token_is_taken_from_the_environment(closed, monkeypatch):
    with pytest.raises(DataError, match="needs a valid token"):
        ServerClient(closed.url).table("tickers")
    monkeypatch.setenv("VOLCAST_TOKEN", closed.tokens["reader"])
    assert len(ServerClient(closed.url).table("tickers")) == 2


def test_what_went_wrong_is_said(server):
    with pytest.raises(ConfigError, match="begins with http"):
        ServerClient("localhost:8000")
    with pytest.raises(DataError, match="the nearest are AAA"):
        ServerClient(server.url).table("forecasts", ticker="AAB")
    with pytest.raises(DataError, match="does not answer"):
        ServerClient("http://127.0.0.1:9").table("tickers")
    with pytest.raises(DataError, match="is no server of volcast"):
        ServerClient(f"{server.url}/static/style.css?").table("")


def test_a_server_that_asks_to_wait_is_waited_for(home, monkeypatch):
    waited = []
    monkeypatch.setattr(client_module, "sleep", waited.append)
    with serving(home, now=NOW, rate=1) as slow, ServerClient(slow.url) as client:
        client.document("ledger/head")
        client.document("ledger/head")
        with pytest.raises(DataError, match="too many requests"):
            client.document("ledger/head")
    assert waited == [1.0] * client_module.RETRIES


def test_the_python_of_the_document_runs(server):
    text = (ROOT / "docs/serve.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    block = block.replace("http://127.0.0.1:8000", server.url).replace("SPY", "AAA")
    names = {}
    exec(compile(block.replace("2026-01-02", "2016-02-16"), "serve.md", "exec"), names)
    assert len(names["forecasts"]) == 1


def test_the_library_reads_a_server_as_it_reads_a_home(server, home):
    remote, local = volcast.load(server.url + "/"), volcast.load(home.folder)
    keys = ["ticker", "horizon", "origin", "variance"]
    pd.testing.assert_frame_equal(
        remote.forecasts[keys], local.forecasts[keys], check_dtype=False, check_exact=True
    )
    assert remote.document("champion")["version"] == 2
    assert len(remote.table("forecasts", ticker="AAA", horizon=1)) == SESSIONS
    text = str(remote.summary())
    assert server.url in text and "AAA" in text and "<table" in remote._repr_html_()
    assert repr(remote) == f"<volcast.Server at {server.url}>"


def test_a_server_that_is_not_there_is_an_error_when_it_is_read():
    with pytest.raises(DataError, match="does not answer"):
        volcast.load("http://127.0.0.1:9").forecasts.head()
