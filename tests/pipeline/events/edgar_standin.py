"""A stand-in for EDGAR on the loopback, with faults on demand."""

import contextlib
import json
import re
from http.server import BaseHTTPRequestHandler
from zoneinfo import ZoneInfo

import pandas as pd

from tests.pipeline.data.loopback_server import LoopbackServer

CONTACT = "Jane Doe jane@example.com"
NEW_YORK = ZoneInfo("America/New_York")
NEXT_DAY = pd.Timedelta(hours=17, minutes=30)


class EdgarStandIn(LoopbackServer):
    """The server; `companies` maps a ticker to its number, `paths` an address to JSON or bytes.

    ``faults`` maps a part of an address (or ``*``) to the answers that come before a good one: a
    status, bytes to send as they are, "slow" (no answer in time) or "cut" (the connection is
    closed in the middle of the body).
    """

    def __init__(self):
        self.companies: dict[str, int] = {}
        self.paths: dict[str, object] = {}
        self.faults: dict[str, list] = {}
        self.requests: list[str] = []
        self.agents: set[str] = set()
        super().__init__(_Handler)

    def serve(
        self, ticker: str, *accepted: str, clock="utc", form="8-K", items="2.02,9.01", older=0
    ):
        """Serve a company whose reports were accepted at these moments, as New York's clock reads.

        `clock` is how the JSON writes them; the first `older` are on a page of their own.
        """
        cik = self.companies.setdefault(ticker, 1000 + len(self.companies))
        rows = [describe(moment, name_filing(cik, moment), clock) for moment in accepted]
        rows = [{**row, "form": form, "items": items} for row in rows]
        for moment in accepted:
            stamp = pd.Timestamp(moment).strftime("%Y%m%d%H%M%S")
            header = f"<SEC-DOCUMENT>x\n<ACCEPTANCE-DATETIME>{stamp}\nACCESSION" + "x" * 9000
            self.paths[f"/Archives/edgar/data/{cik}/{name_filing(cik, moment)}.txt"] = (
                header.encode()
            )
        page = f"CIK{cik:010d}-submissions-001.json"
        files = [{"name": page}] if older else []
        filings = {"recent": columns(rows[older:]), "files": files}
        self.paths[f"/submissions/{page}"] = columns(rows[:older])
        self.paths[f"/submissions/CIK{cik:010d}.json"] = {"cik": cik, "filings": filings}

    def asked(self, part: str) -> int:
        return sum(part in path for path in self.requests)

    def answer(self, path: str) -> tuple[int, bytes]:
        if path == "/files/company_tickers.json":
            listed = enumerate(self.companies.items())
            rows = {str(at): {"cik_str": cik, "ticker": name} for at, (name, cik) in listed}
            return 200, json.dumps(rows).encode()
        body = self.paths.get(path)
        if body is None:
            return 404, b"<html>Not Found</html>"
        return 200, body if isinstance(body, bytes) else json.dumps(body).encode()


def name_filing(cik: int, moment: str) -> str:
    return f"{cik}-{re.sub('[^0-9]', '', moment)}"


def describe(moment: str, accession: str, clock: str) -> dict:
    accepted = pd.Timestamp(moment, tz=NEW_YORK)
    late = accepted - accepted.normalize() > NEXT_DAY
    filed = accepted + pd.offsets.BDay() if late else accepted
    written = accepted.tz_convert("UTC") if clock == "utc" else accepted
    return {
        "accessionNumber": accession,
        "acceptanceDateTime": f"{written:%Y-%m-%dT%H:%M:%S}.000Z",
        "filingDate": f"{filed:%Y-%m-%d}",
    }


def columns(rows: list[dict]) -> dict:
    names = ("accessionNumber", "acceptanceDateTime", "filingDate", "form", "items")
    return {name: [row[name] for row in rows] for name in names}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    state: EdgarStandIn

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError):  # the client reads no more than the header
            super().handle()

    def do_GET(self) -> None:
        self.state.requests.append(self.path)
        self.state.agents.add(self.headers.get("User-Agent", ""))
        parts = (part for part in self.state.faults if part in self.path or part == "*")
        queue = next((self.state.faults[part] for part in parts), [])
        fault = queue.pop(0) if queue else None
        if fault == "slow":
            self.state.released.wait(5)
            self.close_connection = True
            return
        status, body = self.state.answer(self.path)
        length = len(body)
        if isinstance(fault, int):
            status, body, length = fault, b"<html>Undeclared Automated Tool</html>", 38
        elif isinstance(fault, bytes):
            body, length = fault, len(fault)
        elif fault == "cut":
            body, self.close_connection = body[: length // 2], True
        self.send_response(status)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Stay quiet."""
