"""The update of one ticker: plan the request, compare the answer with the store, add new rows."""

import datetime as dt
from dataclasses import dataclass, replace

import pandas as pd

from volcast.pipeline.data.calendars.opening_hours import last_settled_session
from volcast.pipeline.data.calendars.ticker_calendar import find_calendar
from volcast.pipeline.data.contract.client import Answer, Fetch, NoBarsError, UnknownTickerError
from volcast.pipeline.data.download.failure_streak import TRANSIENT_ERRORS
from volcast.pipeline.data.download.fetch_plan import (
    FetchPlan,
    find_unusable_sessions,
    plan_fetch,
    plan_full_history,
)
from volcast.pipeline.data.download.update_request import UpdateRequest
from volcast.pipeline.data.download.update_result import UpdateResult
from volcast.pipeline.data.store.merge import Merge, has_prices, merge_fetch
from volcast.pipeline.data.store.store import Store
from volcast.pipeline.data.store.ticker_state import FULL_HISTORY, TickerState
from volcast.pipeline.errors import DataError, VolcastError

MAX_COUNTED_SESSIONS = 50  # newest missing sessions of a ticker whose attempts are counted


@dataclass
class TickerUpdate:
    """The update of one ticker in the store.

    Parameters
    ----------
    ticker
        As the source names it.
    store
        Where its bars are kept.
    request
        What the store should hold.
    """

    ticker: str
    store: Store
    request: UpdateRequest

    def run(self, fetch: Fetch) -> UpdateResult:
        """Bring the ticker up to date.

        Raises
        ------
        DataError
            The source has no usable answer; what is stored is unchanged.
        """
        with self.store.locked(self.ticker):
            stored, state = self.store.known(self.ticker), self.store.state(self.ticker)
            plan = self._plan(stored, state)
            if plan is None:
                return UpdateResult(self.ticker, "not due", {}, _find_last_session(stored))
            try:
                answer = fetch(self.ticker, plan.start, plan.end)
            except NoBarsError:
                if stored.empty or plan.full:
                    raise
                self._record_answer(state, stored, plan)
                return UpdateResult(self.ticker, "unchanged", {}, _find_last_session(stored))
            state = replace(state, calendar=answer.calendar or state.calendar)
            merge = merge_fetch(stored, self._select_settled(answer, state), full=plan.full)
            if merge.needs_full_history:
                plan = plan_full_history(stored, state, plan.end, self.request.start)
                answer = fetch(self.ticker, plan.start, plan.end)
                merge = merge_fetch(stored, self._select_settled(answer, state), full=True)
            if merge.lost:
                raise DataError(
                    f"the source's new history lacks {merge.lost} of {len(stored)} stored sessions "
                    "and differs in the others; the stored bars are kept, and the next update "
                    "requests the history again"
                )
            return self._store_merge(merge, state, plan)

    def record_failure(self, error: VolcastError) -> str:
        """Record a failure of the source in the ticker's state; return the reason to show."""
        reason = str(error)
        if not isinstance(error, TRANSIENT_ERRORS):
            return reason
        with self.store.locked(self.ticker):
            state = self.store.state(self.ticker)
            if isinstance(error, UnknownTickerError):
                answered = self._last_settled(state)
                state = replace(state.record_miss(self.request.now, reason), answered=answered)
            else:
                state = replace(state, failure=reason)
            self.store.write_state(self.ticker, state)
        return state.failure

    def last_stored_session(self) -> str | None:
        """Return the date of the last stored session; None if there is none."""
        try:
            return _find_last_session(self.store.known(self.ticker))
        except DataError:  # a damaged file is reported already
            return None

    def _plan(self, stored: pd.DataFrame, state: TickerState) -> FetchPlan | None:
        settled, start = self._last_settled(state), self.request.start
        if self.request.anew:
            return plan_full_history(stored, state, settled, start)
        calendar, recheck = self._calendar(state), self.request.recheck
        return plan_fetch(stored, state, settled, start, calendar=calendar, recheck=recheck)

    def _select_settled(self, answer: Answer, state: TickerState) -> pd.DataFrame:
        """Return the rows of sessions that are final, one each, by session."""
        rows = answer.rows.drop_duplicates("session", keep="last").set_index("session")
        return rows[rows.index <= pd.Timestamp(self._last_settled(state))]

    def _store_merge(self, merge: Merge, state: TickerState, plan: FetchPlan) -> UpdateResult:
        """Add the rows to the store and record the answer."""
        if len(merge.rows):
            self.store.append(
                self.ticker,
                merge.rows,
                fetched_at=self.request.now,
                factor=merge.factor,
                new_basis=merge.new_basis,
            )
        stored = self.store.known(self.ticker)
        self._record_answer(state, stored, plan)
        if not len(stored):
            raise NoBarsError(
                f"no session in this range is closed and settled at "
                f"{self.request.now:%Y-%m-%d %H:%M %Z}; choose an earlier start"
            )
        note = "rescaled by the source; the history was downloaded again" if merge.new_basis else ""
        last = _find_last_session(stored)
        if len(merge.rows):
            return UpdateResult(self.ticker, "updated", merge.counts(), last, note)
        return UpdateResult(self.ticker, "unchanged", merge.counts(), last, note)

    def _record_answer(self, state: TickerState, stored: pd.DataFrame, plan: FetchPlan) -> None:
        """Record what was requested, and how often each missing session was requested in vain."""
        settled = self._last_settled(state)
        begin = plan.start or FULL_HISTORY
        missing = find_unusable_sessions(stored, self._calendar(state), settled)
        tries = {
            day: state.tries.get(day, 0) + (dt.date.fromisoformat(day) >= begin)
            for day in missing[-MAX_COUNTED_SESSIONS:].strftime("%Y-%m-%d")
        }
        earliest = min(begin, state.asked_from or begin) if plan.full else state.asked_from
        state = replace(
            state, asked_from=earliest, answered=settled, tries=tries, misses=(), failure=""
        )
        self.store.write_state(self.ticker, state)

    def _calendar(self, state: TickerState) -> str:
        return state.calendar or find_calendar(self.ticker, self.request.calendar)

    def _last_settled(self, state: TickerState) -> dt.date:
        return last_settled_session(self._calendar(state), self.request.now).date()


def _find_last_session(stored: pd.DataFrame) -> str | None:
    sessions = stored.index[has_prices(stored)]
    return f"{sessions[-1]:%Y-%m-%d}" if len(sessions) else None
