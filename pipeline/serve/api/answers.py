"""Answers: JSON or CSV by what is accepted, tags of their content, links to the next page."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response

from volcast.pipeline.ledger.chain import Head
from volcast.pipeline.serve.problems import RequestError
from volcast.pipeline.serve.reading.origin_rows import Row
from volcast.pipeline.version import __version__

JSON, CSV = "application/json", "text/csv"
TAG_DIGITS = 20  # of the hash of the ledger's last row
REVALIDATE = "private, no-cache"


def choose_media_type(accepted: str, offered: Sequence[str]) -> str:
    """Return the media type to answer with, the first of `offered` if several do as well.

    Raises
    ------
    RequestError
        None of them is accepted (406).

    Examples
    --------
    >>> choose_media_type("text/csv, */*;q=0.1", (JSON, CSV))
    'text/csv'
    >>> choose_media_type("", (JSON, CSV))
    'application/json'
    """
    if not accepted.strip():
        return offered[0]
    wanted = [_parse_range(part) for part in accepted.split(",")]
    best = max(offered, key=lambda each: _find_quality(each, wanted))
    if _find_quality(best, wanted) <= 0:
        raise RequestError(
            406, f"this answer exists as {' and '.join(offered)}; accept one of them"
        )
    return best


def build_tag(head: Head, media_type: str, *more: object) -> str:
    """Return the entity tag of an answer that depends on the ledger and on `more`."""
    parts = (head.hash[:TAG_DIGITS], media_type.rpartition("/")[2], __version__, *more)
    return '"' + "-".join(map(str, parts)) + '"'


def is_current(request: Request, tag: str) -> bool:
    """Return whether the caller has the answer with this tag already."""
    known = request.headers.get("if-none-match", "")
    return known.strip() == "*" or tag in (
        each.strip().removeprefix("W/") for each in known.split(",")
    )


def answer(
    request: Request,
    tag: str | None,
    build: Callable[[], Any],
    *,
    media_type: str = JSON,
    items: str | None = None,
) -> Response:
    """Return an answer, or 304 if the caller has it.

    Parameters
    ----------
    request
        The request.
    tag
        From `build_tag`; None for an answer that is never the same.
    build
        Returns the document; called only if it is sent.
    media_type
        `JSON` or `CSV`.
    items
        The field of the document whose rows become the lines of CSV; None: the document itself.
    """
    headers = {"vary": "Accept, Authorization, Cookie", "cache-control": REVALIDATE}
    if tag is not None:
        headers["etag"] = tag
        if is_current(request, tag):
            return Response(status_code=304, headers=headers)
    document = build()
    following = document.get("next") if isinstance(document, Mapping) else None
    if following:
        headers["link"] = f'<{_link_next(request, following)}>; rel="next"'
    if media_type == CSV:
        body = format_csv(document[items] if items else document).encode()
    else:
        body = to_json(document, inf_nan_mode="null")
    return Response(body, headers=headers, media_type=media_type)


def format_csv(rows: Sequence[Row]) -> str:
    r"""Return rows as CSV with a header; nothing for a value that is not known.

    Examples
    --------
    >>> format_csv([{"ticker": "AAA", "live": True, "lower": None}])
    'ticker,live,lower\r\nAAA,true,\r\n'
    """
    if not rows:
        return ""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows({name: _format_cell(value) for name, value in row.items()} for row in rows)
    return text.getvalue()


def _format_cell(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value) if isinstance(value, dict | list) else value


def _parse_range(text: str) -> tuple[str, float]:
    kind, *parameters = (part.strip() for part in text.split(";"))
    quality = next((each[2:] for each in parameters if each.startswith("q=")), "1")
    try:
        return kind.lower(), float(quality)
    except ValueError:
        return kind.lower(), 0.0


def _find_quality(media_type: str, wanted: Sequence[tuple[str, float]]) -> float:
    """Return how much a media type is wanted, by the most specific range that it fits."""
    qualities = dict(wanted)
    family = media_type.partition("/")[0]
    for each in (media_type, f"{family}/*", "*/*"):
        if each in qualities:
            return qualities[each]
    return 0.0


def _link_next(request: Request, cursor: str) -> str:
    return str(request.url.include_query_params(cursor=cursor).replace(scheme="", netloc=""))
