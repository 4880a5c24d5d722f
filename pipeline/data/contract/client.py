"""The contract of a network client: a source that is queried ticker by ticker."""

import datetime as dt
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

import pandas as pd

from volcast.pipeline.data.contract.bar_table import PRICE_COLUMNS
from volcast.pipeline.errors import DataError

ACTION_COLUMNS = ("dividend", "split", "capital_gain")
ANSWER_COLUMNS = ("session", *PRICE_COLUMNS, "volume", "variance", *ACTION_COLUMNS)


class UnknownTickerError(DataError):
    """The source has no prices under this name now."""


class NoBarsError(DataError):
    """The source knows the ticker, but has no bars in the requested range."""


class RateLimitError(DataError):
    """The source limits the number of requests; it would refuse other tickers, too."""


class TransientError(DataError):
    """The source failed in a way that may be over soon."""


class UnreachableError(TransientError):
    """The network, not the source, failed."""


@dataclass(frozen=True, eq=False)
class Answer:
    """A client's answer for one ticker.

    Parameters
    ----------
    rows
        The columns `ANSWER_COLUMNS`, sorted by session (midnight, no timezone), as the source sent
        them: running bars, NaN and several rows of a session are possible. A dividend or capital
        gain is in the currency of the prices, a split is the number of new shares for one old
        share; 0 means none, NaN unknown.
    calendar
        The exchange calendar that the source names; None if it names none.
    """

    rows: pd.DataFrame
    calendar: str | None = None


# Takes ticker, first session (None: full history) and last session, both inclusive.
Fetch = Callable[[str, dt.date | None, dt.date], Answer]


class Client(Protocol):
    """A source over a network, such as Yahoo; its bars are kept in the store."""

    name: str

    def connected(self, before_request: Callable[[], None]) -> AbstractContextManager[Fetch]:
        """Return a context that gives the function to fetch with.

        That function raises one of the errors of this module; any other exception is a defect.

        Parameters
        ----------
        before_request
            Called before every single request, including those that the client makes by itself; it
            waits until the request may be sent.
        """
        ...
