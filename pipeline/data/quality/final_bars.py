"""Removal of bars that are not final yet: of the running session and of later days."""

import dataclasses
import datetime as dt
from collections.abc import Mapping

import numpy as np
import pandas as pd

from volcast.pipeline.data.calendars.opening_hours import compute_local_date, last_settled_session
from volcast.pipeline.data.calendars.sessions import sessions_between
from volcast.pipeline.data.contract.source import Download, format_failures
from volcast.pipeline.errors import DataError
from volcast.pipeline.text import format_count


def drop_unfinished_bars(
    answer: Download, calendars: Mapping[str, str], now: dt.datetime
) -> Download:
    """Return the answer of a source without the bars that are not final at ``now``.

    Left out are the sessions after the last settled one, and everything dated today or later at
    the exchange. An earlier day that is not a session is kept for the quality rules. A note says
    how many bars were left out, and a ticker without any bar left is among the failures.

    Parameters
    ----------
    answer
        As `volcast.pipeline.data.contract.source.Source.load` returns it.
    calendars
        Ticker to calendar name, for every ticker in the bars.
    now
        The clock, with a timezone.

    Raises
    ------
    DataError
        When no ticker has a bar left.
    """
    bars = answer.bars
    unfinished = _flag_unfinished(bars, calendars, now)
    if not unfinished.any():
        return answer
    final, left_out = bars[~unfinished].reset_index(drop=True), bars[unfinished]
    tickers = left_out["ticker"].unique()
    moment = f"{now:%Y-%m-%d %H:%M %Z}"
    without_bars = np.setdiff1d(tickers, final["ticker"].unique())
    reasons = dict.fromkeys(without_bars, f"no bar is final at {moment}")
    if final.empty:
        raise DataError(f"no ticker has bars; {format_failures({**answer.failures, **reasons})}")
    note = (
        f"{format_count(len(left_out), 'bar')} of {format_count(len(tickers), 'ticker')} left out: "
        f"not final at {moment}"
    )
    failures = {**answer.failures, **reasons}
    return dataclasses.replace(answer, bars=final, failures=failures, notes=(*answer.notes, note))


def _flag_unfinished(
    bars: pd.DataFrame, calendars: Mapping[str, str], now: dt.datetime
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    days = bars["session"]
    unfinished = np.zeros(len(bars), dtype=bool)
    for name, rows in bars.groupby(bars["ticker"].map(calendars)).indices.items():
        own, last = days.iloc[rows], last_settled_session(str(name), now)
        after = own > last
        if after.any():
            sessions = sessions_between(str(name), last, own.max())
            unfinished[rows] = after & (
                own.isin(sessions) | (own >= compute_local_date(str(name), now))
            )
    return unfinished
