"""A home with known forecasts, and a server of it in a thread of this process."""

from __future__ import annotations

import datetime as dt
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
import uvicorn

from tests.pipeline.ledger.samples import long_ledger
from volcast.pipeline.home import Home
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.ledger.records import Decision
from volcast.pipeline.serve.app import build_app
from volcast.pipeline.serve.options import ServeOptions
from volcast.pipeline.serve.server import build_config

NOW = dt.datetime(2018, 2, 1, 12, tzinfo=dt.UTC)
SESSIONS, TICKERS = 30, ("AAA", "BBB")
CHAMPION = {"version": 2, "model": "network", "folder": "models/x", "digest": "d" * 64}
TIMEOUT = 20.0  # seconds


def make_home(folder: Path) -> Home:
    """Thirty sessions of two tickers, some decisions and alerts, and a recorded champion."""
    home = Home(folder)
    long_ledger(home.ledger, SESSIONS, TICKERS)
    with Ledger.to_write(home.ledger) as ledger:
        numbers = {"version": 2, "validation_qlike_1_network": 0.4}
        ledger.add_decision(
            Decision("register 2", "registered", "network 2", "no network yet", numbers), now=NOW
        )
        ledger.add_decision(
            Decision(
                *("promote 1 to 2 x", "promote", "network 2", "a manual override"),
                numbers={"over": "har 1", "version": 2},
                who="Ann",
                why="better",
            ),
            now=NOW,
        )
        ledger.raise_alert("stale data", "AAA", f"no bar in {folder}/bars", {"days": 2}, now=NOW)
        ledger.raise_alert("full disk", str(folder), "the disk is full", {}, now=NOW)
        ledger.clear_alert("full disk", str(folder), "it is not", {}, now=NOW)
    home.champion.write_text(json.dumps(CHAMPION))
    return home


@dataclass
class Client:
    """Asks a server, with a token or without."""

    url: str
    token: str | None = None
    session: requests.Session = field(default_factory=requests.Session)

    def send(self, method: str, path: str, **options: Any) -> requests.Response:
        headers = {"authorization": f"Bearer {self.token}"} if self.token else {}
        headers |= options.pop("headers", {})
        return self.session.request(
            method,
            self.url + path,
            headers=headers,
            timeout=TIMEOUT,
            allow_redirects=False,
            **options,
        )

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.send("GET", path, **options)

    def post(self, path: str, **options: Any) -> requests.Response:
        return self.send("POST", path, **options)


@contextmanager
def serving(home: Home, now: dt.datetime = NOW, **options: Any) -> Iterator[Client]:
    """Serve a home at a free port; yield a client without a token."""
    app = build_app(ServeOptions(home, **options), lambda: now)
    server = uvicorn.Server(build_config(app))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.005)
    host, port = server.servers[0].sockets[0].getsockname()[:2]
    client = Client(f"http://{host}:{port}")
    client.app = app
    try:
        yield client
    finally:
        client.session.close()
        server.should_exit = True
        thread.join(TIMEOUT)
        assert not thread.is_alive()
