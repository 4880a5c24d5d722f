"""A stand-in for Tiingo on the loopback, with faults on demand."""

import json
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, unquote, urlsplit

import pandas as pd

from tests.pipeline.data.loopback_server import LoopbackServer

KEY = "a-key-that-nobody-may-see-0123456789"
RAW = {"open": "open", "high": "high", "low": "low", "close": "close", "volume": "volume"}


class TiingoStandIn(LoopbackServer):
    """The server. ``faults`` maps a ticker (or ``*``) to the answers that come before a good one.

    A fault is a status, bytes to send as they are, "slow" (no answer in time) or "cut" (the
    connection is closed).
    """

    def __init__(self):
        self.bars: dict[str, pd.DataFrame] = {}
        self.faults: dict[str, list] = {}
        self.requests: list[tuple[str, dict[str, str], str]] = []
        super().__init__(_Handler)

    def serve(self, ticker: str, raw: pd.DataFrame) -> None:
        """Serve rows of session, open, high, low, close, volume, adj_close and, if any, split."""
        self.bars[ticker] = raw

    def asked(self) -> list[str]:
        return [ticker for ticker, _, _ in self.requests]

    def answer(self, ticker: str, query: dict[str, str]) -> tuple[int, bytes]:
        if ticker not in self.bars:
            return 404, b'{"detail":"Error: Ticker not found"}'
        rows = self.bars[ticker]
        inside = rows["session"] >= query["startDate"]
        if "endDate" in query:
            inside &= rows["session"] <= query["endDate"]
        return 200, json.dumps([_row(row) for _, row in rows[inside].iterrows()]).encode()


def _row(row: pd.Series) -> dict:
    ratio = row["adj_close"] / row["close"]
    prices = {name: row[name] for name in RAW}
    adjusted = {f"adj{name.capitalize()}": row[name] * ratio for name in RAW}
    return {
        "date": f"{row['session']:%Y-%m-%d}T00:00:00.000Z",
        **prices,
        **adjusted,
        "adjClose": row["adj_close"],
        "divCash": 0.0,
        "splitFactor": row.get("split", 1.0),
    }


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    state: TiingoStandIn

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        ticker = unquote(parts.path.split("/")[3])
        key = self.headers.get("Authorization", "")
        self.state.requests.append((ticker, query, key))
        queue = self.state.faults.get(ticker) or self.state.faults.get("*") or []
        fault = queue.pop(0) if queue else None
        if fault == "slow":
            self.state.released.wait(5)
        if fault in ("slow", "cut"):
            self.close_connection = True
            return
        if key != f"Token {KEY}":
            status, body = 401, f'{{"detail":"Invalid token {key}"}}'.encode()
        elif isinstance(fault, int):
            status, body = fault, f"<html>{fault}, your key is {KEY}</html>".encode()
        elif isinstance(fault, bytes):
            status, body = 200, fault
        else:
            status, body = self.state.answer(ticker, query)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Stay quiet."""
