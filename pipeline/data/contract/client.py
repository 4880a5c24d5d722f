"""The contract of a client: a source that is asked ticker by ticker over a network."""

import datetime as dt
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

import pandas as pd

from volcast.pipeline.data.contract.source import PRICE_COLUMNS
from volcast.pipeline.errors import DataError

ACTION_COLUMNS = ("dividend", "split", "capital_gain")
ANSWER_COLUMNS = ("session", *PRICE_COLUMNS, "volume", "variance", *ACTION_COLUMNS)


class UnknownTickerError(DataError):
    """The source has no prices under this name now."""


class NoBarsError(DataError):
    """The source knows the ticker and has no bars in the range asked for."""


class RateLimitError(DataError):
    """The source refuses to answer so many requests; whoever is asked next, it would refuse too."""


class TransientError(DataError):
    """The source failed in a way that may be over in a moment."""


class UnreachableError(TransientError):
    """The network, not the source, failed."""


@dataclass(frozen=True, eq=False)
class Answer:
    """What a client was told of one ticker.

    Parameters
    ----------
    rows
        The columns `ANSWER_COLUMNS`, sorted by session (midnight, no timezone), as the source sent
        them: running bars, NaN and several rows of a session are possible. A dividend or capital
        gain is in the currency of the prices, a split the number of new shares for one old; 0 is
        none, NaN unknown.
    calendar
        The exchange calendar by which the source says that it trades; None where it does not.

    """

    rows: pd.DataFrame
    calendar: str | None = None


# Ticker, first session (None: all there is) and last session, both included.
Fetch = Callable[[str, dt.date | None, dt.date], Answer]


class Client(Protocol):
    """A source over a network, such as Yahoo."""

    name: str

    def connected(self, before_request: Callable[[], None]) -> AbstractContextManager[Fetch]:
        """Return a context in which the source can be asked.

        ``before_request`` is called before every single request, those that the client makes on
        its own account included; it waits until the request may be sent. The function that the
        context gives raises one of the errors of this module; a failure of another kind is a
        defect.
        """
        ...
