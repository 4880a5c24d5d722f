"""A stand-in for Yahoo Finance on the loopback: the real yfinance client talks to it unchanged.

It is a proxy that ends TLS itself: the client is pointed at it by HTTPS_PROXY and trusts the
throwaway authority named by CURL_CA_BUNDLE, so every request for a yahoo.com host arrives here.
"""

import datetime as dt
import ipaddress
import json
import random
import ssl
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, parse_qsl, quote, unquote, urlsplit

import numpy as np
import pandas as pd
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOSTS = ("*.yahoo.com", "*.finance.yahoo.com", "yahoo.com")
NOT_FOUND = {"code": "Not Found", "description": "No data found, symbol may be delisted"}
RANDOM_FAULTS = (404, 429, 500, "empty", "garbage", "cut")
MISSING_RANGE = "Data doesn't exist for startDate = {}, endDate = {}"


@dataclass
class Listing:
    """One ticker as Yahoo knows it: bars by session date, and where it trades.

    ``bars`` has the columns open, high, low, close, adj_close, volume and an index of dates (which
    may repeat); NaN is sent as null. ``live`` is appended as a last row at the moment of its index,
    whatever range was asked for. ``dividends``, ``splits`` and ``capital_gains`` go by date.
    """

    bars: pd.DataFrame
    timezone: str = "America/New_York"
    opens: str = "09:30"
    closes: str = "16:00"
    currency: str = "USD"
    instrument: str = "EQUITY"
    exchange: str = ""
    live: pd.DataFrame | None = None
    dividends: dict[str, float] = field(default_factory=dict)
    splits: dict[str, tuple[int, int]] = field(default_factory=dict)
    capital_gains: dict[str, float] = field(default_factory=dict)


Fault = int | str | None


class StandIn:
    """The server.

    ``faults`` maps a ticker (or ``*``) to 404, 429, 500, "empty", "garbage", "cut" (the connection
    is closed), "stall" (no answer for a while), or to a list of them, one for each chart request
    and then no more. ``share`` of all other chart requests, drawn with a fixed seed, get a random
    one of `RANDOM_FAULTS`. ``requests`` and ``moments`` are the log.
    """

    def __init__(self, folder: Path):
        self.listings: dict[str, Listing] = {}
        self.faults: dict[str, Fault | list[Fault]] = {}
        self.calendars: dict[str, dict] = {}  # what quoteSummary says in calendarEvents
        self.pages: dict[str, str] = {}  # the HTML of the page of report dates
        self.share, self.stall = 0.0, 3.0
        self.requests: list[str] = []
        self.moments: list[float] = []
        self._random = random.Random(6)
        self.authority, self._context = _certificates(folder)
        standin = self

        class Handler(_Handler):
            server_state = standin

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def environment(self) -> dict[str, str]:
        proxy = f"http://127.0.0.1:{self._server.server_address[1]}"
        proxies = dict.fromkeys(("HTTPS_PROXY", "https_proxy"), proxy)
        bundles = ("CURL_CA_BUNDLE", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
        return proxies | {name: str(self.authority) for name in bundles} | {"NO_PROXY": ""}

    def __enter__(self) -> "StandIn":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def reset(self) -> None:
        self.share = 0.0
        for log in (
            *(self.listings, self.calendars, self.pages),
            *(self.faults, self.requests, self.moments),
        ):
            log.clear()

    def answer(self, host: str, target: str) -> tuple[int, str, str]:
        """Return status, content type and body of one request."""
        self.requests.append(f"{host}{target}")
        self.moments.append(time.time())
        parts = urlsplit(target)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        if parts.path.endswith("/getcrumb"):
            return 200, "text/plain", "stand/in.crumb"
        if host == "fc.yahoo.com":
            return 404, "text/html", "<html></html>"
        ticker = unquote(parts.path.rsplit("/", 1)[-1])
        if parts.path.startswith("/v8/finance/chart/"):
            return self._chart(ticker, query)
        if parts.path == "/calendar/earnings":
            return 200, "text/html", self.pages.get(query["symbol"], "<html></html>")
        if ticker in self.calendars:
            return self._calendar(ticker)
        error = {"code": "Not Found", "description": f"Quote not found for symbol: {ticker}"}
        return (
            404,
            "application/json",
            json.dumps({"quoteSummary": {"result": None, "error": error}}),
        )

    def _calendar(self, ticker: str) -> tuple[int, str, str]:
        fault = self._fault(ticker)
        if fault == "cut":
            raise ConnectionAbortedError
        if fault == "stall":
            time.sleep(self.stall)
        if fault in (404, 429, 500):
            return fault, "text/html", f"<html>{fault}</html>"
        if fault == "html":
            return 200, "text/html", "<html>Will be right back</html>"
        result = [{"calendarEvents": self.calendars[ticker]}]
        body = json.dumps({"quoteSummary": {"result": result, "error": None}})
        return 200, "application/json", body[: len(body) // 2] if fault == "garbage" else body

    def _fault(self, ticker: str) -> Fault:
        fault = self.faults.get(ticker, self.faults.get("*"))
        if isinstance(fault, list):
            fault = fault.pop(0) if fault else None
        if fault is None and self._random.random() < self.share:
            fault = self._random.choice(RANDOM_FAULTS)
        return fault

    def charts(self, ticker: str) -> list[dict[str, str]]:
        """Return the query of each request for a ticker's prices (not for its timezone)."""
        urls = [urlsplit(f"https://{asked}") for asked in self.requests]
        queries = [
            dict(parse_qsl(url.query))
            for url in urls
            if url.path.endswith(f"/chart/{quote(ticker)}")
        ]
        return [query for query in queries if "period1" in query]

    def _chart(self, ticker: str, query: dict[str, str]) -> tuple[int, str, str]:
        fault = self._fault(ticker)
        if fault == "cut":
            raise ConnectionAbortedError
        if fault == "stall":
            time.sleep(self.stall)
        if fault == 429:
            return 429, "text/plain", "Too Many Requests\r\n"
        if fault == 500:
            return 500, "text/html", "<html>Internal Server Error</html>"
        if fault == "garbage":
            return 200, "application/json", '{"chart": {"result": [{"meta":'
        if fault == 404 or ticker not in self.listings:
            return 404, "application/json", _chart_error(NOT_FOUND)
        listing = self.listings[ticker]
        if fault == "empty" and "period1" in query:
            description = MISSING_RANGE.format(query["period1"], query["period2"])
            return (
                400,
                "application/json",
                _chart_error({"code": "Bad Request", "description": description}),
            )
        return 200, "application/json", json.dumps(chart(ticker, listing, query))


def chart(ticker: str, listing: Listing, query: dict[str, str]) -> dict:
    """Return the chart answer for ``period1 <= open < period2``, or for ``range``: the last bar."""
    moments = _moments(listing, listing.bars.index)
    if "period1" in query:
        keep = (moments >= int(query["period1"])) & (moments < int(query["period2"]))
    else:
        keep = np.arange(len(moments)) == len(moments) - 1
    rows, stamps = listing.bars[keep], moments[keep].tolist()
    if listing.live is not None:
        rows = pd.concat([rows, listing.live])
        stamps += [int(pd.Timestamp(at).timestamp()) for at in listing.live.index]
    result = {
        "meta": _meta(ticker, listing, stamps),
        "indicators": {"quote": [{}], "adjclose": [{}]},
    }
    if stamps:
        result["timestamp"] = stamps
        names = ("open", "high", "low", "close", "volume")
        result["indicators"]["quote"] = [{name: _nullable(rows[name]) for name in names}]
        result["indicators"]["adjclose"] = [{"adjclose": _nullable(rows["adj_close"])}]
    events = _events(listing, stamps)
    if events:
        result["events"] = events
    return {"chart": {"result": [result], "error": None}}


def _moments(listing: Listing, dates: pd.Index) -> np.ndarray:
    """Return the epoch seconds of the session's open, local to the exchange."""
    opened = pd.DatetimeIndex(dates) + pd.Timedelta(f"{listing.opens}:00")
    return opened.tz_localize(listing.timezone).as_unit("s").asi8


def _nullable(column: pd.Series) -> list:
    whole = column.name == "volume"
    return [None if pd.isna(x) else int(x) if whole else float(np.float32(x)) for x in column]


def _events(listing: Listing, stamps: list[int]) -> dict:
    day_of = {pd.Timestamp(s, unit="s", tz=listing.timezone).date().isoformat(): s for s in stamps}
    dividends = {
        str(day_of[day]): {"amount": amount, "date": day_of[day]}
        for day, amount in listing.dividends.items()
        if day in day_of
    }
    splits = {
        str(day_of[day]): {
            "date": day_of[day], "numerator": up, "denominator": down, "splitRatio": f"{up}:{down}"
        }
        for day, (up, down) in listing.splits.items()
        if day in day_of
    }  # fmt: skip
    gains = {
        str(day_of[day]): {"amount": amount, "date": day_of[day]}
        for day, amount in listing.capital_gains.items()
        if day in day_of
    }
    events = {"dividends": dividends, "capitalGains": gains, "splits": splits}
    return {name: value for name, value in events.items() if value}


def _meta(ticker: str, listing: Listing, stamps: list[int]) -> dict:
    last = pd.DatetimeIndex(listing.bars.index)[-1].normalize()
    begin, end = (
        (last + pd.Timedelta(f"{clock}:00")).tz_localize(listing.timezone)
        for clock in (listing.opens, listing.closes)
    )
    exchange = listing.exchange or ("NMS" if listing.timezone == "America/New_York" else "")
    offset = int(begin.utcoffset().total_seconds())
    period = {
        "timezone": begin.tzname(), "start": int(begin.timestamp()),
        "end": int(end.timestamp()), "gmtoffset": offset,
    }  # fmt: skip
    return {
        "currency": listing.currency, "symbol": ticker, "exchangeName": exchange,
        "fullExchangeName": exchange, "instrumentType": listing.instrument,
        "firstTradeDate": int(_moments(listing, listing.bars.index[:1])[0]),
        "regularMarketTime": stamps[-1] if stamps else int(begin.timestamp()),
        "hasPrePostMarketData": True, "gmtoffset": offset, "timezone": begin.tzname(),
        "exchangeTimezoneName": listing.timezone,
        "regularMarketPrice": float(listing.bars["close"].iloc[-1]), "priceHint": 2,
        "currentTradingPeriod": {name: dict(period) for name in ("pre", "regular", "post")},
        "dataGranularity": "1d", "range": "",
        "validRanges": ["1d", "5d", "1mo", "3mo", "6mo", "1y", "2y", "5y", "10y", "ytd", "max"],
    }  # fmt: skip


def _chart_error(error: dict[str, str]) -> str:
    return json.dumps({"chart": {"result": None, "error": error}})


class _Handler(BaseHTTPRequestHandler):
    """Answers CONNECT by taking the TLS session itself, then serves the requests inside it."""

    protocol_version = "HTTP/1.1"
    server_state: StandIn

    def do_CONNECT(self) -> None:
        host = self.path.split(":")[0]
        self.send_response(200, "Connection established")
        self.end_headers()
        try:
            with self.server_state._context.wrap_socket(
                self.connection, server_side=True
            ) as secure:
                _Inner(secure, self.client_address, self.server, host, self.server_state)
        except (ssl.SSLError, ConnectionError, TimeoutError):
            pass  # the client hung up
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Stay quiet."""


class _Inner(_Handler):
    def __init__(self, connection, address, server, host: str, state: StandIn):
        self.host, self.server_state = host, state
        super().__init__(connection, address, server)

    def do_GET(self) -> None:
        try:
            status, kind, body = self.server_state.answer(self.host, self.path)
        except ConnectionAbortedError:
            self.close_connection = True
            return
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body.encode())))
        if self.host == "fc.yahoo.com":
            expires = (dt.datetime.now(dt.UTC) + dt.timedelta(days=365)).strftime(
                "%a, %d %b %Y %H:%M:%S GMT"
            )
            self.send_header(
                "Set-Cookie", f"A3=d=standin; Expires={expires}; Domain=.yahoo.com; Path=/; Secure"
            )
        self.end_headers()
        self.wfile.write(body.encode())

    def do_POST(self) -> None:
        self.do_GET()


def _certificates(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """Write a throwaway authority and a server certificate signed by it."""
    folder.mkdir(parents=True, exist_ok=True)
    authority_key, server_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "stand-in authority")])
    authority = (
        _certificate(issuer, issuer, authority_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(authority_key, hashes.SHA256())
    )
    names = [x509.DNSName(host) for host in HOSTS]
    names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "yahoo.com")])
    server = (
        _certificate(subject, issuer, server_key)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    authority_path, chain_path = folder / "authority.pem", folder / "server.pem"
    authority_path.write_bytes(authority.public_bytes(pem))
    key = server_key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    chain_path.write_bytes(key + server.public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain_path)
    return authority_path, context


def _certificate(subject, issuer, key) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=30))
    )
