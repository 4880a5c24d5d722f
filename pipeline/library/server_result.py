"""A server of `volcast serve` as an object: the tables that it answers, read only."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from volcast.pipeline.library.html import render_html
from volcast.pipeline.library.summary import Summary
from volcast.pipeline.text import format_names


@dataclass(frozen=True, eq=False)
class Server:
    """The home of a job that a server answers for; made by `volcast.load`.

    docs/serve.md describes all columns. A token is taken from the variable VOLCAST_TOKEN.

    Attributes
    ----------
    url
        The address of the server.

    Examples
    --------
    >>> Server("http://127.0.0.1:8000")
    <volcast.Server at http://127.0.0.1:8000>
    """

    url: str

    @cached_property
    def forecasts(self) -> pd.DataFrame:
        """The newest issued forecast of each ticker and horizon, with its outcome once known."""
        rows = self.table("forecasts").sort_values("origin", kind="stable")
        newest = rows.groupby(["ticker", "horizon"], as_index=False).tail(1)
        return newest.sort_values(["ticker", "horizon"], ignore_index=True)

    @cached_property
    def scores(self) -> pd.DataFrame:
        """The scores of the live forecasts, by horizon and series."""
        return self.table("scores")

    def table(self, name: str, **chosen: str | int | float | None) -> pd.DataFrame:
        """Return a table of the server.

        Parameters
        ----------
        name
            tickers, forecasts, outcomes, scores, decisions, alerts, events or models.
        **chosen
            Parameters of the API, such as ``ticker="SPY"`` or ``horizon=1``.

        Raises
        ------
        DataError
            The server does not answer, or refuses the request.
        """
        from volcast.pipeline.serve.client import ServerClient

        with ServerClient(self.url) as client:
            return client.table(name, **chosen)  # type: ignore[arg-type]

    def document(self, name: str) -> dict[str, Any]:
        """Return a document of the server: champion, ledger/head, ledger/verify or models/N.

        Parameters
        ----------
        name
            Its place below ``/v1/``.

        Raises
        ------
        DataError
            The server does not answer, or refuses the request.
        """
        from volcast.pipeline.serve.client import ServerClient

        with ServerClient(self.url) as client:
            return client.document(name)

    def summary(self) -> Summary:
        """Return the newest forecasts and the scores as text that prints itself."""
        rows = self.forecasts
        facts = {"Server": self.url, "Tickers": format_names(list(rows["ticker"].unique()), 5)}
        tables = {"Newest forecasts": rows}
        if len(self.scores):
            tables["Live scores"] = self.scores
        return Summary("Scheduled job on a server", facts, tables)

    def __repr__(self) -> str:
        return f"<volcast.Server at {self.url}>"

    def _repr_html_(self) -> str:
        return render_html(self.summary())
