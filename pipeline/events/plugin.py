"""A source of events of another package: its answers are checked, faults reported in its name."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Protocol

import pandas as pd

from volcast.pipeline.data.contract.client import TransientError
from volcast.pipeline.errors import DataError, VolcastError
from volcast.pipeline.events.client import EventAnswer, FetchEvents, build_answer


class EventSource(Protocol):
    """A source of events of another package, named by an entry point of ``volcast.events``."""

    def fetch(self, ticker: str, now: dt.datetime) -> pd.DataFrame:
        """Return what the source says about a ticker now.

        A frame with the column ``date`` and any of ``time``, ``kind``, ``learnt_at``,
        ``authoritative`` and ``reference``; see `event_table.to_event_table`. A coming date
        without ``learnt_at`` is taken to be learnt now.

        Raises
        ------
        DataError
            The source has no answer now; one of the errors of
            `volcast.pipeline.data.contract.client` says whether to try again.
        """
        ...


class PluginEvents:
    """A client that passes requests to a source of another package. See `EventClient`."""

    rate: float | None = None
    near_interval: dt.timedelta | None = dt.timedelta(hours=6)

    def __init__(self, name: str, source: EventSource):
        self.name, self.source = name, source
        self.rate_folder = f"events/{name}"

    @contextmanager
    def connected(self, before_request: Callable[[], None]) -> Iterator[FetchEvents]:
        """Return a context that gives the function to fetch with. See `EventClient.connected`."""

        def fetch(ticker: str, now: dt.datetime, known: Collection[str]) -> EventAnswer:
            before_request()
            try:
                frame = self.source.fetch(ticker, now)
            except VolcastError:
                raise
            except Exception as error:  # code of another package may raise anything
                raise TransientError(
                    f"source {self.name!r} broke its contract: it raised "
                    f"{type(error).__name__}: {error}; see docs/events.md"
                ) from error
            return self._check(frame, ticker, now)

        yield fetch

    def _check(self, frame: pd.DataFrame, ticker: str, now: dt.datetime) -> EventAnswer:
        if not isinstance(frame, pd.DataFrame):
            raise DataError(
                f"source {self.name!r} broke its contract: fetch must return a DataFrame; it "
                f"returned {type(frame).__name__}; see docs/events.md"
            )
        if frame.empty:
            return build_answer(self.name, ticker, [], f"source {self.name!r} names no date")
        answer = build_answer(self.name, ticker, frame)
        today = pd.Timestamp(now.astimezone(dt.UTC).date())
        unstamped = answer.rows["learnt_at"].isna() & (answer.rows["date"] >= today)
        learnt_at = answer.rows["learnt_at"].mask(unstamped, pd.Timestamp(now).tz_convert("UTC"))
        return EventAnswer(answer.rows.assign(learnt_at=learnt_at))
