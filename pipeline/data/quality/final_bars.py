"""Bars that are not final yet: those of the running session, and of days to come."""

import datetime as dt
from collections.abc import Mapping

import numpy as np
import pandas as pd

from volcast.pipeline.data.calendars.sessions import last_settled_session, sessions_between, today
from volcast.pipeline.data.contract.source import Download, listed
from volcast.pipeline.errors import DataError
from volcast.pipeline.text import counted


def drop_unfinished_bars(
    answer: Download, calendar_of: Mapping[str, str], now: dt.datetime
) -> Download:
    """Return what a source answered without the bars that are not final at ``now``.

    Left out are the sessions of a ticker's exchange after the last settled one, and whatever is
    dated today at the exchange or later. An earlier day that is no session is kept: the rules of
    quality judge it. A note says how many bars were left out, and a ticker of which no bar is left
    is among the failures.

    Parameters
    ----------
    answer
        As `volcast.pipeline.data.contract.source.Source.load` returns it.
    calendar_of
        Ticker to calendar name, for every ticker in the bars.
    now
        The clock, with a timezone.

    Raises
    ------
    DataError
        No ticker has a bar left.

    """
    bars = answer.bars
    early = _not_final(bars, calendar_of, now)
    if not early.any():
        return answer
    kept, left_out = bars[~early].reset_index(drop=True), bars[early]
    tickers = left_out["ticker"].unique()
    moment = f"{now:%Y-%m-%d %H:%M %Z}"
    gone = np.setdiff1d(tickers, kept["ticker"].unique())
    reasons = dict.fromkeys(gone, f"no bar is final at {moment}")
    if kept.empty:
        raise DataError(f"no ticker has bars; {listed({**answer.failures, **reasons})}")
    note = (
        f"{counted(len(left_out), 'bar')} of {counted(len(tickers), 'ticker')} left out: "
        f"not final at {moment}"
    )
    return Download(
        bars=kept,
        failures={**answer.failures, **reasons},
        notes=(*answer.notes, note),
        vintages=answer.vintages,
        history=answer.history,
    )


def _not_final(
    bars: pd.DataFrame, calendar_of: Mapping[str, str], now: dt.datetime
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    days = bars["session"]
    early = np.zeros(len(bars), dtype=bool)
    for name, rows in bars.groupby(bars["ticker"].map(calendar_of)).indices.items():
        own, last = days.iloc[rows], last_settled_session(str(name), now)
        after = own > last
        if after.any():
            sessions = sessions_between(str(name), last, own.max())
            early[rows] = after & (own.isin(sessions) | (own >= today(str(name), now)))
    return early
