"""From clean bars to the panel of features and targets, and to the sample for forecasters."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from functools import reduce

import numpy as np
import pandas as pd

from volcast.features.bars import Bars
from volcast.features.earnings_reports import FAMILY as REPORTS
from volcast.features.exogenous import FAMILY as EXOGENOUS
from volcast.features.panel import (
    Panel,
    build_exchange_panel,
    join_panels,
)
from volcast.features.parallel import TICKERS_PER_BLOCK
from volcast.features.registry import DEFAULT_KEY
from volcast.features.selection import select_features
from volcast.features.target import DATE_DTYPE
from volcast.features.ticker_block import split_tickers
from volcast.models.forecaster import REQUIRED, Sample
from volcast.pipeline.config.events import list_event_entries
from volcast.pipeline.config.exogenous import list_series
from volcast.pipeline.config.settings import Config
from volcast.pipeline.data.calendars.exchange_calendar import load_exchange_calendar
from volcast.pipeline.data.calendars.sessions import (
    days_since_previous,
    days_to_next,
    following_sessions,
    sessions_between,
)
from volcast.pipeline.data.calendars.ticker_calendar import find_calendar
from volcast.pipeline.errors import ConfigError
from volcast.pipeline.panel.align_series import align_series
from volcast.pipeline.panel.external import NOTHING_EXTERNAL, ExternalData
from volcast.pipeline.panel.known_reports import build_known_reports

LARGEST_LEVEL_FACTOR = 3.0  # a measure from prices misses or adds less


def feature_names(config: Config) -> tuple[str, ...]:
    """Return the features that the settings select; those of HAR are always among them.

    Raises
    ------
    ConfigError
        When a name is unknown; the message names the nearest known one.

    Examples
    --------
    >>> feature_names(Config())[:3]
    ('har_1', 'har_5', 'har_22')
    """
    try:
        return select_features(
            (*REQUIRED, *config.features.select, *_list_families(config)),
            tuple(list_series(config)),
        )
    except ValueError as error:
        raise ConfigError(f"features.select: {error}") from error


def _list_families(config: Config) -> list[str]:
    """Return the families of features that the default selection has for the given data."""
    if DEFAULT_KEY not in config.features.select:
        return []
    has_data = {REPORTS: list_event_entries(config), EXOGENOUS: list_series(config)}
    return [family for family, data in has_data.items() if data]


def assign_calendars(tickers: Sequence[str], config: Config) -> dict[str, str]:
    """Return the name of the exchange calendar of each ticker.

    Examples
    --------
    >>> assign_calendars(["SPY", "VOD.L"], Config())
    {'SPY': 'XNYS', 'VOD.L': 'XLON'}
    """
    default = config.data.calendar or None
    if default:
        load_exchange_calendar(default)  # a wrong name is an error also where no ticker needs it
    return {ticker: find_calendar(ticker, default) for ticker in tickers}


def build_grids(
    bars: pd.DataFrame,
    config: Config,
    held: Mapping[str, pd.Timestamp] | None = None,
    external: ExternalData = NOTHING_EXTERNAL,
) -> dict[str, Bars]:
    """Build a grid of bars, sessions by tickers, for each exchange.

    Parameters
    ----------
    bars
        Clean bars, as `quality.check.check_bars` returns them.
    config
        Its calendar, its variance proxy and its sources of events are used.
    held
        Ticker to the session of its newest bar, which was held back: the grid includes it.
    external
        Events and series.

    Returns
    -------
    Calendar name to grid. The sessions are those of the calendar from the first bar to the last,
    and every other day that has a bar.
    """
    calendars = assign_calendars(list(bars["ticker"].unique()), config)
    exchange = bars["ticker"].map(calendars)
    grids = {}
    for name in sorted(set(calendars.values())):
        mine = exchange == name
        own_bars = bars if mine.all() else bars[mine]
        ends = [day for ticker, day in (held or {}).items() if calendars.get(ticker) == name]
        days = own_bars["session"].min(), max([own_bars["session"].max(), *ends])
        sessions = sessions_between(name, *days).union(
            pd.DatetimeIndex(own_bars["session"].unique())
        )
        grid = Bars.from_frame(
            own_bars,
            sessions,
            days_since_previous(sessions, name).astype(float),
            days_to_next(sessions, name).astype(float),
            config.target.proxy,
        )
        if list_event_entries(config):
            reports = build_known_reports(external.events, grid.tickers, sessions, name)
            grid = dataclasses.replace(grid, reports=reports)
        series = align_series(external.series, sessions, name)
        grid = dataclasses.replace(grid, series=series)
        grids[name] = grid
    return grids


def build_panel(
    bars_by_calendar: dict[str, Bars], config: Config, names: Sequence[str] | None = None
) -> Panel:
    """Build the panel of all exchanges on the union of their sessions.

    Row t of its features uses data up to the close of t; its targets begin at t+1. `names` are the
    features to compute, by default those that the settings select.
    """
    names, horizons = feature_names(config) if names is None else names, config.target.horizons
    panels = []
    for calendar, bars in bars_by_calendar.items():
        following = following_sessions(calendar, bars.sessions[-1], max(horizons))
        panels.append(build_exchange_panel(bars, names, horizons, following))
    return join_panels(panels)


def join_axes(bars_by_calendar: dict[str, Bars]) -> tuple[tuple[str, ...], pd.DatetimeIndex]:
    """Return the tickers and the sessions of the panel of all exchanges."""
    grids = list(bars_by_calendar.values())
    tickers = tuple(ticker for grid in grids for ticker in grid.tickers)
    return tickers, reduce(pd.DatetimeIndex.union, (grid.sessions for grid in grids))


def iterate_panels(bars_by_calendar: dict[str, Bars], config: Config) -> Iterator[Panel]:
    """Yield the panels of blocks of tickers, of which that of `build_panel` is made.

    Each is on the sessions of its exchange, and only one need be held at a time.
    """
    names, horizons = feature_names(config), config.target.horizons
    for calendar, bars in bars_by_calendar.items():
        following = following_sessions(calendar, bars.sessions[-1], max(horizons))
        for block in split_tickers(bars, TICKERS_PER_BLOCK):
            yield build_exchange_panel(block, names, horizons, following)


def build_sample(panel: Panel) -> Sample:
    """Return the part of a panel that forecasters get."""
    return Sample(
        names=panel.names,
        x=panel.x,
        optional=panel.optional,
        long_run=panel.long_run,
        level=panel.level,
        horizons=panel.horizons,
        target=panel.target,
        target_end=panel.target_end,
        variance=panel.variance,
        log_return=panel.log_return,
        sessions=panel.sessions.to_numpy(DATE_DTYPE),
    )


def describe_implausible_levels(panel: Panel) -> list[str]:
    """Return a sentence for each ticker whose measure is far from its squared returns."""
    newest = panel.level_factor[-1]
    return [
        f"{ticker}: its squared returns are {newest[n]:.3g} times its measured variance; check the "
        "unit of its column variance, or its prices"
        for n, ticker in enumerate(panel.tickers)
        if not 1 / LARGEST_LEVEL_FACTOR <= newest[n] <= LARGEST_LEVEL_FACTOR
        and np.isfinite(newest[n])
    ]
