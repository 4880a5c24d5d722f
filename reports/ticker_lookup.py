"""Packs the recent forecasts of many tickers for the script that draws one of them at a time.

The text is JSON, compressed and in Base64. Volatilities are whole numbers of `STEP` in the log:
a figure cannot show less, and small differences between neighbours compress well.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

STEP = 0.01  # of the log of a volatility: 1 %
MOST_CELLS = 400_000  # tickers times sessions, about 2 MB
LINES = ("har", "lower", "upper", "realized")  # stored relative to the forecast


def pack_tickers(
    recent: pd.DataFrame,
    facts: Mapping[str, Sequence[Sequence[str]]],
    *,
    headings: Sequence[str],
    labels: Mapping[str, str],
) -> str:
    """Return what the script needs of all tickers.

    Parameters
    ----------
    recent
        Result of `volcast.reports.scoring.breakdowns.recent_forecasts`. Of many tickers only the
        last sessions are kept, so that there are at most `MOST_CELLS` rows.
    facts
        Ticker to the rows of its table, finished text; every ticker of `recent` has some.
    headings
        Of the columns of these tables.
    labels
        The names of the lines: `volatility`, `interval`, `har` and `realized`.
    """
    sessions = np.unique(recent["date"].to_numpy("datetime64[D]"))
    shown = sessions[-max(MOST_CELLS // max(len(facts), 1), 1) :]
    content = {
        "step": STEP,
        "sessions": np.datetime_as_string(shown).tolist(),
        "headings": list(headings),
        "labels": dict(labels),
        "tickers": {
            str(name): [facts[str(name)], *_encode_lines(own, shown)]
            for name, own in recent.groupby("ticker", sort=False, observed=True)
        },
    }
    text = json.dumps(content, separators=(",", ":"), sort_keys=True)
    return base64.b64encode(zlib.compress(text.encode(), 9)).decode()


def _encode_lines(own: pd.DataFrame, sessions: NDArray[Any]) -> list[list[int | None]]:
    """Return the places of a ticker's sessions, and its lines, all as differences.

    The forecast is stored as its changes, the other lines as the changes of their distance to it,
    outcomes as the distance itself. None stands for a missing value.
    """
    dates = own["date"].to_numpy("datetime64[D]")
    own = own[dates >= sessions[0]]
    places = np.searchsorted(sessions, dates[dates >= sessions[0]])
    forecast = _to_steps(own["volatility"])
    relative = {name: _to_steps(own[name]) - forecast for name in LINES}
    changing = [_take_changes(relative[name]) for name in LINES[:-1]]
    encoded = [_take_changes(forecast), *changing, _list_steps(relative["realized"])]
    return [np.diff(places, prepend=0).tolist(), *encoded]


def _to_steps(volatility: pd.Series) -> NDArray[np.float64]:
    """Return volatilities as whole steps of the log, NaN unless above 0."""
    values = volatility.to_numpy(np.float64)
    return np.round(np.log(np.where(values > 0, values, np.nan)) / STEP)


def _take_changes(steps: NDArray[np.float64]) -> list[int | None]:
    """Return the change of each known value since the one before; the first counts from 0."""
    changes = np.full(len(steps), np.nan)
    known = np.isfinite(steps)
    changes[known] = np.diff(steps[known], prepend=0.0)
    return _list_steps(changes)


def _list_steps(values: NDArray[np.float64]) -> list[int | None]:
    return [
        int(value) if known else None
        for value, known in zip(values, np.isfinite(values), strict=True)
    ]
