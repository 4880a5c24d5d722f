"""The tables of a server as frames; it only reads, and needs none of the server's packages."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from time import sleep
from types import TracebackType
from typing import Any, Self

import pandas as pd
import requests

from volcast.pipeline.errors import ConfigError, DataError

TOKEN_VARIABLE = "VOLCAST_TOKEN"
TIMEOUT = 30.0  # seconds of an answer
ROWS_AT_ONCE = 1000
RETRIES = 5  # after an answer that asks to wait
DAYS = ("origin", "target_start", "target_end", "first", "last", "first_origin", "last_origin")
MOMENTS = ("written_at", "deadline", "data_vintage", "outcome_written_at", "learnt_at")
Value = str | int | float | None


class ServerClient:
    """Reads a server of `volcast serve`; a context manager that closes its connection.

    Parameters
    ----------
    url
        Of the server, such as ``http://127.0.0.1:8000``.
    token
        A token; None: that of the environment variable VOLCAST_TOKEN, if there is one.

    Raises
    ------
    ConfigError
        The address is none of http or https.
    """

    def __init__(self, url: str, token: str | None = None) -> None:
        if not url.startswith(("http://", "https://")):
            raise ConfigError(f"a server's address begins with http:// or https://; got {url!r}")
        self.url = url.rstrip("/")
        self._session = requests.Session()
        chosen = token or os.environ.get(TOKEN_VARIABLE)
        if chosen:
            self._session.headers["authorization"] = f"Bearer {chosen}"
        self._session.headers["accept"] = "application/json"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def table(self, name: str, *, rows: int | None = None, **chosen: Value) -> pd.DataFrame:
        """Return a table of the server.

        Parameters
        ----------
        name
            tickers, forecasts, outcomes, scores, decisions, alerts, events or models.
        rows
            Maximum number of rows, the newest; None is all of them.
        chosen
            Parameters of the API, such as ``ticker="SPY"``, ``horizon=1``, ``role="all"``;
            ``from_`` and ``to`` are dates.

        Returns
        -------
        DataFrame
            Dates are datetime64, moments are in UTC. Variances are daily, in squared log returns;
            volatilities are annualised, in percent.

        Raises
        ------
        DataError
            The server does not answer, or refuses the request.
        """
        given = {key.rstrip("_"): value for key, value in chosen.items() if value is not None}
        found = list(self._iter_rows(f"/v1/{name}", given, rows))
        return _to_frame(found)

    def document(self, name: str) -> dict[str, Any]:
        """Return a document of the server: champion, ledger/head, ledger/verify or models/N.

        Raises
        ------
        DataError
            The server does not answer, or refuses the request.
        """
        found: dict[str, Any] = self._get(f"/v1/{name}", {})
        return found

    def _iter_rows(
        self, path: str, chosen: Mapping[str, Value], rows: int | None
    ) -> Iterator[dict[str, Any]]:
        """Yield the rows of one page after the other."""
        cursor, left = None, rows
        pages = not path.endswith(("/tickers", "/scores", "/models"))
        while True:
            size = {"limit": min(left or ROWS_AT_ONCE, ROWS_AT_ONCE)} if pages else {}
            page = self._get(path, {**chosen, **size, **({"cursor": cursor} if cursor else {})})
            items = page["items"] if left is None else page["items"][:left]
            yield from items
            left = None if left is None else left - len(items)
            cursor = page["next"]
            if cursor is None or left == 0:
                return

    def _get(self, path: str, parameters: Mapping[str, Value]) -> Any:
        """Return an answer as JSON holds it; wait if the server asks to."""
        for _ in range(RETRIES):
            try:
                answer = self._session.get(self.url + path, params=parameters, timeout=TIMEOUT)
            except requests.RequestException as error:
                raise DataError(
                    f"the server {self.url} does not answer ({type(error).__name__}); check the "
                    "address, and that `volcast serve` runs there"
                ) from error
            if answer.status_code != requests.codes.too_many_requests:
                break
            sleep(min(float(answer.headers.get("retry-after", "1")), TIMEOUT))
        return self._read(answer)

    def _read(self, answer: requests.Response) -> Any:
        try:
            document = answer.json()
        except ValueError as error:
            raise DataError(f"{self.url} is no server of volcast: its answer is no JSON") from error
        if answer.status_code == requests.codes.unauthorized:
            raise DataError(
                f"the server {self.url} needs a valid token; set {TOKEN_VARIABLE}, or create one "
                "with `volcast serve token create NAME`"
            )
        if not answer.ok:
            detail = document.get("detail") if isinstance(document, dict) else None
            raise DataError(f"the server {self.url} refused the request: {detail or answer.reason}")
        return document


def _to_frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Return rows as a frame with dates and moments."""
    frame = pd.DataFrame(rows)
    for name in frame.columns.intersection([*DAYS, "date"]):
        frame[name] = pd.to_datetime(frame[name], format="%Y-%m-%d").astype("datetime64[us]")
    for name in frame.columns.intersection([*MOMENTS]):
        frame[name] = pd.to_datetime(frame[name], utc=True, format="ISO8601").astype(
            "datetime64[us, UTC]"
        )
    return frame
