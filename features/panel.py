"""The panel: feature matrix, targets and dates of many tickers on one axis of sessions."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np
import pandas as pd

from volcast.features._typing import BoolArray, DateArray, FloatArray
from volcast.features.bars import Bars
from volcast.features.earnings_reports import find_reactions
from volcast.features.feature_table import FeatureTable, join_tables, number_rows
from volcast.features.parallel import TICKERS_PER_BLOCK
from volcast.features.registry import compute_features, find_feature
from volcast.features.target import DATE_DTYPE, compute_target_dates, future_mean_variance
from volcast.features.ticker_block import split_tickers

GRIDS = (
    *("target", "variance", "log_return", "level_factor", "reaction"),
    *("target_start", "target_end"),
)


@dataclasses.dataclass(frozen=True, eq=False)
class Panel:
    """Features and targets of N tickers over T sessions.

    Features in row t use data to the close of t; the target lies after it. On dates on which an
    exchange has no session, its tickers have NaN and NaT.

    Parameters
    ----------
    sessions
        (T,) origins, the union of the exchanges' sessions.
    tickers, names, horizons
        N tickers, F names of features, H horizons in sessions.
    x
        (T, N, F) float32 features, of the sessions with a bar; NaN in others.
    optional
        (F,) True for the features that a usable row may lack.
    long_run
        (F,) True for the features that a short history lacks: a row without them can be forecast,
        but is not fitted on.
    level
        (F,) True for the features that are the log of a daily variance.
    target
        (T, N, H) mean daily variance over t + 1 .. t + horizon in squared log-return units; NaN
        where it is not known yet, or where too few of these sessions have a variance.
    variance, log_return
        (T, N) daily variance measure and log return of session t.
    level_factor
        (T, N) factor from the measure to the level of close-to-close returns, known at t
        (`volcast.features.level`).
    reaction
        (T, N) 1 in sessions that were the first to trade on an earnings report, as known at their
        close, else 0; NaN where no report of the ticker is known.
    target_start, target_end
        (T, N) and (T, N, H) dates of sessions t + 1 and t + horizon at the ticker's exchange,
        which its calendar knows beyond the data too.
    """

    sessions: pd.DatetimeIndex
    tickers: tuple[str, ...]
    names: tuple[str, ...]
    horizons: tuple[int, ...]
    x: FeatureTable
    optional: BoolArray
    long_run: BoolArray
    level: BoolArray
    target: FloatArray
    variance: FloatArray
    log_return: FloatArray
    level_factor: FloatArray
    reaction: FloatArray
    target_start: DateArray
    target_end: DateArray


def build_exchange_panel(
    bars: Bars, names: Sequence[str], horizons: Sequence[int], following: pd.DatetimeIndex
) -> Panel:
    """Build the panel of one exchange.

    Parameters
    ----------
    bars
        Bars of N tickers over T sessions.
    names
        Names of features (see `volcast.features.selection.select_features`).
    horizons
        Horizons in sessions.
    following
        Sessions of the exchange after the last bar, at least as many as the longest horizon.

    Returns
    -------
    The panel, its features in the order of `names`.

    Raises
    ------
    ValueError
        If `following` is too short, or a horizon is below 1.
    KeyError
        If there is no feature of a name.
    """
    start, end = compute_target_dates(bars.sessions, following, tuple(horizons))
    return Panel(
        sessions=bars.sessions,
        tickers=bars.tickers,
        names=tuple(names),
        horizons=tuple(horizons),
        x=_compute_table(bars, names),
        **flag_features(names),
        target=np.stack([future_mean_variance(bars.variance, h) for h in horizons], axis=-1),
        variance=bars.variance,
        log_return=bars.log_return,
        level_factor=bars.level_factor,
        reaction=find_reactions(bars),
        # All tickers of an exchange have the same dates, which are held once.
        target_start=np.broadcast_to(start[:, None], bars.close.shape),
        target_end=np.broadcast_to(end[:, None], (*bars.close.shape, len(horizons))),
    )


def flag_features(names: Sequence[str]) -> dict[str, Any]:
    """Return the attributes `optional`, `long_run` and `level`, (F,), of a panel of these features.

    Raises
    ------
    KeyError
        If there is no feature of a name.
    """
    chosen = [find_feature(name) for name in names]
    flags = ("optional", "long_run", "level")
    return {flag: np.array([getattr(item, flag) for item in chosen], dtype=bool) for flag in flags}


def _compute_table(bars: Bars, names: Sequence[str]) -> FeatureTable:
    """Return the features of the sessions with a bar, computed for one block of tickers at a time.

    A value is stored as soon as it has been computed: there are never two copies in memory.
    """
    exists = np.isfinite(bars.close) | np.isfinite(bars.variance)
    place = number_rows(exists)
    columns = tuple(np.empty(np.count_nonzero(exists), np.float32) for _ in names)
    first_row, first_ticker = 0, 0
    for block in split_tickers(bars, TICKERS_PER_BLOCK):
        last_ticker = first_ticker + len(block.tickers)
        own = exists[:, first_ticker:last_ticker].T
        last_row = first_row + int(np.count_nonzero(own))
        for column, values in zip(columns, compute_features(block, names), strict=True):
            column[first_row:last_row] = values.T[own]
        first_row, first_ticker = last_row, last_ticker
    return FeatureTable(place, columns)


def join_panels(panels: Sequence[Panel]) -> Panel:
    """Join the panels of several exchanges, on the union of their sessions.

    Parameters
    ----------
    panels
        Panels with the same features and horizons and with different tickers.

    Returns
    -------
    One panel, tickers in the order of `panels`; a single panel is returned as it is.

    Raises
    ------
    ValueError
        If there is no panel, if features or horizons differ, or if a ticker is in two panels.
    """
    _check_joinable(panels)
    if len(panels) == 1:
        return panels[0]
    sessions = reduce(pd.DatetimeIndex.union, (panel.sessions for panel in panels))
    tickers = tuple(ticker for panel in panels for ticker in panel.tickers)
    grids: dict[str, Any] = {name: _join_arrays(panels, name, sessions) for name in GRIDS}
    places = [sessions.get_indexer(panel.sessions) for panel in panels]
    x = join_tables([panel.x for panel in panels], places, len(sessions))
    return dataclasses.replace(panels[0], sessions=sessions, tickers=tickers, x=x, **grids)


def align_tickers(panel: Panel, tickers: Sequence[str]) -> Panel:
    """Return the panel with the given tickers in the given order.

    Parameters
    ----------
    panel
        Panel of any tickers.
    tickers
        Tickers of the result; those that the panel lacks have NaN and NaT.

    Returns
    -------
    A panel of the same sessions; `panel` itself if its tickers are already these.
    """
    if panel.tickers == tuple(tickers):
        return panel
    column = pd.Index(panel.tickers).get_indexer(pd.Index(tickers))
    grids: dict[str, Any] = {}
    for name in GRIDS:
        grid = getattr(panel, name)[:, column]
        grid[:, column < 0] = np.datetime64("NaT") if grid.dtype == DATE_DTYPE else np.nan
        grids[name] = grid
    x = panel.x.select_tickers(column)
    return dataclasses.replace(panel, tickers=tuple(tickers), x=x, **grids)


def _join_arrays(panels: Sequence[Panel], name: str, sessions: pd.DatetimeIndex) -> np.ndarray:
    """Concatenate an array of all panels by ticker, NaN or NaT where there is no session."""
    parts = [getattr(panel, name) for panel in panels]
    columns = sum(part.shape[1] for part in parts)
    missing = np.datetime64("NaT") if parts[0].dtype == DATE_DTYPE else np.nan
    result = np.full((len(sessions), columns, *parts[0].shape[2:]), missing, parts[0].dtype)
    first = 0
    for panel, part in zip(panels, parts, strict=True):
        last = first + part.shape[1]
        result[sessions.get_indexer(panel.sessions), first:last] = part
        first = last
    return result


def _check_joinable(panels: Sequence[Panel]) -> None:
    """Raise ``ValueError`` unless the panels have equal columns and different tickers."""
    if not panels:
        raise ValueError("there is no panel to join; build at least one")
    for panel in panels[1:]:
        if (panel.names, panel.horizons) != (panels[0].names, panels[0].horizons):
            raise ValueError("joined panels must have the same features and horizons")
    counts = Counter(ticker for panel in panels for ticker in panel.tickers)
    repeated = sorted(ticker for ticker, count in counts.items() if count > 1)
    if repeated:
        raise ValueError(f"{repeated} are in two panels; a ticker belongs to one exchange")
