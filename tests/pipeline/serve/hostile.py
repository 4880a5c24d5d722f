"""Random and hostile requests, as bytes: paths, encodings, SQL, huge numbers, broken bodies."""

from __future__ import annotations

import json
import random
from urllib.parse import quote

PATHS = (
    *("/", "/health", "/models", "/models/2", "/models/2/promote", "/rollback", "/retrain"),
    *("/evenings", "/evenings/2018-01-31/report.html", "/ticker/AAA", "/login", "/logout"),
    *("/v1/forecasts", "/v1/outcomes", "/v1/scores", "/v1/decisions", "/v1/alerts", "/v1/events"),
    *("/v1/models", "/v1/models/2", "/v1/tickers", "/v1/champion", "/v1/ledger/head", "/v1/jobs/x"),
    *("/v1/retrain", "/v1/rollback", "/v1/models/2/promote", "/metrics", "/healthz", "/readyz"),
    *("/openapi.json", "/static/style.css"),
)
FOLDERS = (
    *("/", "//", "/v1/", "/ticker/", "/evenings/", "/models/", "/static/", "/v1/models/"),
    "/v1/jobs/",
)
PARAMETERS = (
    *("ticker", "horizon", "origin", "from", "to", "as_of", "role", "levels", "limit", "cursor"),
    *("action", "subject", "state", "name", "sessions", "q", "sort", "page", "next", "verify", "x"),
)
VALUES = (
    *("' OR 1=1 --", '"; DROP TABLE forecasts; --', "1 UNION SELECT * FROM chain", "\x00", "%00"),
    *("../../../../etc/passwd", "..%2f..%2fetc%2fpasswd", "%c0%ae%c0%ae/", "{{7*7}}", "%", "%zz"),
    *("<script>alert(1)</script>", "${jndi:ldap://x}", "\r\nSet-Cookie: a=b", "[]", '{"a":1}'),
    *("9" * 400, "-1", "1e309", "NaN", "Infinity", "-0", "0x10", "1_000", "\uff19\uff19", "\ud800"),
    *("😀" * 200, "a" * 5000, "null", "true", "2018-02-30", "0000-00-00", "99999-01-01"),
    *("2018-01-31T22:00:00+99:99", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59"),
    *("WyJmb3JlY2FzdHMiLCIyMDE4IiwxXQ", "WyJhbGVydHMiLDk5OTk5OTk5OTk5OTk5OTk5OTk5OTldXQ"),
    *("champion", "AAA", "1", "2016-01-20", "all", "0.9", "raised", "open"),
)
METHODS = (
    *["GET"] * 10,
    *["POST"] * 5,
    "PUT",
    "DELETE",
    "PATCH",
    "HEAD",
    "OPTIONS",
    "TRACE",
    "get",
)
HOSTS = (*["127.0.0.1"] * 12, "elsewhere.example", "", "127.0.0.1:99999", "[::1]", "a" * 300)
ACCEPTED = ("text/html", "text/csv", "*/*", "application/json;q=x", ";;;", ",,", "image/png")
COOKIES = ("volcast_session=x", 'volcast_session="\\"', "=;=;", "a" * 3000, "volcast_session=\xff")
ORIGINS = ("null", "http://[", "https://elsewhere.example")
MEDIA_TYPES = (
    *("application/json", "application/x-www-form-urlencoded", "text/xml", "\xff", ""),
    *("multipart/form-data; boundary=x", "application/json; charset=utf-16"),
)


def build_request(rng: random.Random, token: str) -> bytes:
    """Return a request; the token, which may only read, is in most of those that read."""
    method, body = rng.choice(METHODS), b""
    headers = [f"host: {rng.choice(HOSTS)}", "connection: close"]
    draw = rng.random()
    if draw < 0.8 and method == "GET":
        headers.append(f"authorization: Bearer {token}")
    elif draw < 0.95:
        wrong = ("Bearer x", "Basic eDp4", f"Bearer {token[:-1]}", "Bearer \xff", "Bearer " * 500)
        headers.append(f"authorization: {rng.choice((*wrong, f'Bearer {token}'))}")
    for name, values in (("accept", ACCEPTED), ("cookie", COOKIES), ("origin", ORIGINS)):
        if rng.random() < 0.2:
            headers.append(f"{name}: {rng.choice(values)}")
    if method not in ("GET", "HEAD"):
        body, lines = _build_body(rng)
        headers += lines
    lines = [f"{method} {_build_address(rng)} HTTP/1.1", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace") + body


def _build_address(rng: random.Random) -> str:
    path = rng.choice(PATHS)
    if rng.random() < 0.25:
        path = rng.choice(FOLDERS) + _encode(rng, rng.choice(VALUES)) + rng.choice(("", "/promote"))
    if rng.random() < 0.65:
        pairs = [
            f"{rng.choice(PARAMETERS)}={_encode(rng, rng.choice(VALUES))}"
            for _ in range(rng.randrange(1, 5))
        ]
        path += f"?{'&'.join(pairs)}"
    return path


def _encode(rng: random.Random, text: str) -> str:
    raw = text.encode("utf-8", "surrogatepass")
    draw = rng.random()
    if draw < 0.7:
        return quote(raw, safe="")
    if draw < 0.85:
        plain = raw.decode("latin-1").replace(" ", "+")
        return plain.replace("\r", "%0d").replace("\n", "%0a")
    return "".join(f"%{rng.randrange(256):02x}" for _ in range(rng.randrange(30)))


def _build_body(rng: random.Random) -> tuple[bytes, list[str]]:
    """Return a body and the headers that describe it, truly or not."""
    change = json.dumps({"who": rng.choice(VALUES), "why": rng.choice(VALUES)})
    body = rng.choice(
        (
            change.encode("utf-8", "surrogatepass"),
            b'{"who":"A","why":' + b"[" * rng.choice((10, 1000, 30000)),
            b'{"who":' + b"9" * rng.choice((100, 20000)) + b',"why":1e999}',
            b'{"who":"\\ud800","why":"\\u0000"}',
            rng.randbytes(rng.randrange(300)),
            f"token={quote(rng.choice(VALUES).encode('utf-8', 'replace'))}&next=//x".encode(),
            b'{"if_due": "maybe"}',
            b"x" * rng.choice((0, 1, 70000, 200000)),
        )
    )
    headers = [f"content-type: {rng.choice(MEDIA_TYPES)}"]
    draw = rng.random()
    if draw < 0.8:
        return body, [*headers, f"content-length: {len(body)}"]
    if draw < 0.9:
        chunks = f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n"
        return chunks, [*headers, "transfer-encoding: chunked"]
    wrong = ("-1", "99999999999999999999", "abc", "5 ")
    return body, [*headers, f"content-length: {rng.choice(wrong)}"]
