"""The fields of a form that a browser sends."""

from __future__ import annotations

from urllib.parse import parse_qs

from starlette.requests import Request

from volcast.pipeline.serve.problems import RequestError

MEDIA_TYPE = "application/x-www-form-urlencoded"
MAXIMUM_FIELDS = 10


async def read_form(request: Request) -> dict[str, str]:
    """Return the fields of a form by name, the last of each; for use as a dependency.

    Raises
    ------
    RequestError
        The body is no form (415, 422).
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = await request.body()
    if body and kind != MEDIA_TYPE:
        raise RequestError(415, f"a form is sent as {MEDIA_TYPE}")
    try:
        fields = parse_qs(body.decode("utf-8"), max_num_fields=MAXIMUM_FIELDS)
    except ValueError as error:
        raise RequestError(422, "the form cannot be read") from error
    return {name: values[-1] for name, values in fields.items()}
