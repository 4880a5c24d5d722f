"""Bringing the store up to date: ticker by ticker, politely, keeping whatever came."""

import datetime as dt
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import pandas as pd

from volcast.pipeline.data.calendars.sessions import calendar_name, last_settled_session
from volcast.pipeline.data.contract.client import (
    Answer,
    Client,
    Fetch,
    NoBarsError,
    UnknownTickerError,
)
from volcast.pipeline.data.download.circuit_breaker import CircuitBreaker, RetryPolicy
from volcast.pipeline.data.download.failure_streak import PASSING, FailureStreak
from volcast.pipeline.data.download.fetch_plan import FetchPlan, plan_fetch, unusable, whole_history
from volcast.pipeline.data.download.rate_limit import TokenBucket
from volcast.pipeline.data.download.update_result import UpdateResult
from volcast.pipeline.data.store.merge import Merge, merge_fetch, priced
from volcast.pipeline.data.store.store import Store
from volcast.pipeline.data.store.ticker_state import ALL_THERE_IS, TickerState
from volcast.pipeline.errors import ConfigError, DataError, VolcastError
from volcast.pipeline.progress import Progress

RATE = 2.0  # requests a second
TRIES_NOTED = 50  # newest missing sessions of a ticker whose attempts are counted


@dataclass(frozen=True)
class UpdateRequest:
    """What the store should hold, and at what cost.

    Parameters
    ----------
    now
        The clock, with a timezone: only sessions that have settled by now are stored.
    start
        First session; `ALL_THERE_IS` for the whole history; None: as before, and of a new ticker
        the whole history.
    recheck
        Compare the last sessions again also where nothing new can be.
    anew
        Ask for the whole history again, and record what changed in it.
    calendar
        Of tickers whose name does not tell it.

    """

    now: dt.datetime
    start: dt.date | None = None
    recheck: bool = False
    anew: bool = False
    calendar: str | None = None


@dataclass
class Update:
    """One update of a store from a client.

    Parameters
    ----------
    rate
        Requests a second, of all processes that share the store.

    """

    client: Client
    store: Store
    wish: UpdateRequest
    rate: float = RATE
    patience: RetryPolicy = field(default_factory=RetryPolicy)
    progress: Progress = field(default_factory=Progress)

    def run(self, tickers: Sequence[str]) -> Iterator[UpdateResult]:
        """Yield the outcome of each ticker as soon as it is stored; the last one counts.

        A ticker that failed in a passing way comes once more at the end; when the source limits
        everybody's requests, as often as patience lasts. Whatever was yielded is on disk: an
        interruption loses nothing.
        """
        if self.wish.calendar:
            last_settled_session(self.wish.calendar, self.wish.now)  # a wrong name ends it here
        bucket = TokenBucket(self.store.folder / ".rate.json", self.rate)
        breaker = CircuitBreaker(bucket, self.patience, self.progress.note)
        if bucket.held() > 1:
            self.progress.note(f"requests were limited just now: waiting {bucket.held():.0f} s")
        row = FailureStreak(self.patience, breaker)
        with self.client.connected(bucket.take) as fetch:
            ask = partial(_asked, breaker, fetch)
            yield from self._round(list(dict.fromkeys(tickers)), ask, row)
            todo = row.worth_asking_again()
            while todo:
                yield from self._round(todo, ask, row)
                todo = row.refused

    def _round(self, todo: list[str], ask: Fetch, row: FailureStreak) -> Iterator[UpdateResult]:
        """Ask for each ticker in turn, until there is no hope left."""
        started = time.monotonic()
        row.begin()
        for number, ticker in enumerate(todo):
            stop = row.hopeless()
            if stop:
                yield UpdateResult(ticker, "not asked", {}, self._last(ticker), stop)
                continue
            try:
                outcome = self.update_one(ticker, ask)
                row.came(asked=outcome.status != "not due")
            except (DataError, ConfigError) as error:  # a calendar that cannot be had is one's own
                row.failed(ticker, error)
                reason = self._noted(ticker, error)
                outcome = UpdateResult(ticker, "failed", {}, self._last(ticker), reason)
            yield outcome
            left = (time.monotonic() - started) / (number + 1) * (len(todo) - number - 1)
            self.progress.count(number + 1, len(todo), ticker, left)

    def update_one(self, ticker: str, ask: Fetch) -> UpdateResult:
        """Bring one ticker up to date.

        Raises
        ------
        DataError
            It did not come; what is stored is unchanged.

        """
        with self.store.locked(ticker):
            stored, note = self.store.known(ticker), self.store.note(ticker)
            task = self._plan(ticker, stored, note)
            if task is None:
                return UpdateResult(ticker, "not due", {}, _last(stored))
            try:
                answer = ask(ticker, task.start, task.end)
            except NoBarsError:
                if stored.empty or task.whole:
                    raise
                self._note_answer(ticker, note, stored, task)
                return UpdateResult(ticker, "unchanged", {}, _last(stored))
            note = replace(note, calendar=answer.calendar or note.calendar)
            merge = merge_fetch(stored, self._settled(ticker, answer, note), whole=task.whole)
            if merge.needs_whole:
                task = whole_history(stored, note, task.end, self.wish.start)
                answer = ask(ticker, task.start, task.end)
                merge = merge_fetch(stored, self._settled(ticker, answer, note), whole=True)
            if merge.lost:
                raise DataError(
                    f"the source's new history lacks {merge.lost} of {len(stored)} stored sessions "
                    "and differs in the others; the stored bars are kept, it is asked again"
                )
            return self._stored(ticker, merge, note, task)

    def _stored(
        self, ticker: str, merge: Merge, note: TickerState, task: FetchPlan
    ) -> UpdateResult:
        if len(merge.rows):
            self.store.append(
                ticker,
                merge.rows,
                fetched_at=self.wish.now,
                factor=merge.factor,
                new_basis=merge.new_basis,
            )
        stored = self.store.known(ticker)
        self._note_answer(ticker, note, stored, task)
        if not len(stored):
            raise NoBarsError(
                f"no session in this range is closed and settled at "
                f"{self.wish.now:%Y-%m-%d %H:%M %Z}; ask for an earlier start"
            )
        told = "rescaled by the source; fetched anew" if merge.new_basis else ""
        status = "updated" if len(merge.rows) else "unchanged"
        return UpdateResult(ticker, status, merge.counts(), _last(stored), told)  # type: ignore[arg-type]

    def _plan(self, ticker: str, stored: pd.DataFrame, note: TickerState) -> FetchPlan | None:
        settled, start = self._last_settled(ticker, note), self.wish.start
        if self.wish.anew:
            return whole_history(stored, note, settled, start)
        calendar, recheck = self._calendar(ticker, note), self.wish.recheck
        return plan_fetch(stored, note, settled, start, calendar=calendar, recheck=recheck)

    def _settled(self, ticker: str, answer: Answer, note: TickerState) -> pd.DataFrame:
        """Return the rows of sessions that are final, one each, by session."""
        rows = answer.rows.drop_duplicates("session", keep="last").set_index("session")
        return rows[rows.index <= pd.Timestamp(self._last_settled(ticker, note))]

    def _note_answer(
        self, ticker: str, note: TickerState, stored: pd.DataFrame, task: FetchPlan
    ) -> None:
        """Note what was asked, and for which missing sessions in vain."""
        settled = self._last_settled(ticker, note)
        begin = task.start or ALL_THERE_IS
        missing = unusable(stored, self._calendar(ticker, note), settled)
        tries = {
            day: note.tries.get(day, 0) + (dt.date.fromisoformat(day) >= begin)
            for day in missing[-TRIES_NOTED:].strftime("%Y-%m-%d")
        }
        earliest = min(begin, note.asked_from or begin) if task.whole else note.asked_from
        noted = replace(
            note, asked_from=earliest, answered=settled, tries=tries, misses=(), failure=""
        )
        self.store.write_note(ticker, noted)

    def _noted(self, ticker: str, error: VolcastError) -> str:
        """Note a failure of the source; return what to say of it."""
        reason = str(error)
        if not isinstance(error, PASSING):
            return reason
        with self.store.locked(ticker):
            note = self.store.note(ticker)
            if isinstance(error, UnknownTickerError):
                answered = self._last_settled(ticker, note)
                note = replace(note.missed(self.wish.now, reason), answered=answered)
            else:
                note = replace(note, failure=reason)
            self.store.write_note(ticker, note)
        return note.failure

    def _calendar(self, ticker: str, note: TickerState) -> str:
        return note.calendar or calendar_name(ticker, self.wish.calendar)

    def _last_settled(self, ticker: str, note: TickerState) -> dt.date:
        return last_settled_session(self._calendar(ticker, note), self.wish.now).date()

    def _last(self, ticker: str) -> str | None:
        try:
            return _last(self.store.known(ticker))
        except DataError:  # a damaged file has told its reason already
            return None


def _asked(
    breaker: CircuitBreaker, fetch: Fetch, ticker: str, start: dt.date | None, end: dt.date
) -> Answer:
    return breaker.ask(lambda: fetch(ticker, start, end))


def _last(stored: pd.DataFrame) -> str | None:
    has = stored.index[priced(stored)]
    return f"{has[-1]:%Y-%m-%d}" if len(has) else None
