"""From clean bars to the panel, and the panel on disk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from volcast.features.bars import Bars
from volcast.features.panel import Panel, build, join
from volcast.features.registry import FEATURES, select
from volcast.features.target import DATE_DTYPE
from volcast.models.forecaster import REQUIRED, Sample
from volcast.pipeline.config.settings import Config
from volcast.pipeline.data.calendars.sessions import (
    calendar_name,
    days_since_previous,
    days_to_next,
    following_sessions,
    sessions_between,
)
from volcast.pipeline.errors import ConfigError, StorageError
from volcast.pipeline.files import read_frame

TARGET, TARGET_END = "target_", "target_end_"


def feature_names(config: Config) -> tuple[str, ...]:
    """Return the features that `config` selects; those of HAR are always among them.

    Raises
    ------
    ConfigError
        A name is unknown; the nearest known one is named.
    """
    try:
        return select((*REQUIRED, *config.features.select))
    except ValueError as error:
        raise ConfigError(f"features.select: {error}") from error


def assign_calendars(tickers: Sequence[str], config: Config) -> dict[str, str]:
    """Return the name of the exchange calendar of each ticker."""
    default = config.data.calendar or None
    return {ticker: calendar_name(ticker, default) for ticker in tickers}


def build_grids(bars: pd.DataFrame, config: Config) -> dict[str, Bars]:
    """Return the bars of each exchange as a grid of its sessions, by the calendar's name.

    Sessions are those of the calendar from the first bar to the last, and every other day that
    has a bar.
    """
    calendar_of = assign_calendars(list(bars["ticker"].unique()), config)
    exchange = bars["ticker"].map(calendar_of)
    result = {}
    for name in sorted(set(calendar_of.values())):
        mine = bars[exchange == name]
        days = mine["session"].min(), mine["session"].max()
        sessions = sessions_between(name, *days).union(pd.DatetimeIndex(mine["session"].unique()))
        result[name] = Bars.from_frame(
            mine,
            sessions,
            days_since_previous(sessions, name).astype(float),
            days_to_next(sessions, name).astype(float),
            config.target.proxy,
        )
    return result


def build_panel(bars_by_calendar: dict[str, Bars], config: Config) -> Panel:
    """Return the panel of all exchanges on the union of their sessions."""
    names, horizons = feature_names(config), config.target.horizons
    panels = []
    for calendar, bars in bars_by_calendar.items():
        following = following_sessions(calendar, bars.sessions[-1], max(horizons))
        panels.append(build(bars, names, horizons, following))
    return join(panels)


def build_sample(panel: Panel) -> Sample:
    """Return what the forecasters see of a panel."""
    return Sample(
        names=panel.names,
        x=panel.x,
        optional=panel.optional,
        level=panel.level,
        horizons=panel.horizons,
        target=panel.target,
        target_end=panel.target_end,
        variance=panel.variance,
        log_return=panel.log_return,
        sessions=panel.sessions.to_numpy(DATE_DTYPE),
    )


def find_tickers_without_rows(panel: Panel) -> dict[str, int]:
    """Return the tickers without a usable row, each with the number of its known variances."""
    usable = np.asarray(build_sample(panel).usable().any(axis=0))
    known = np.isfinite(panel.variance).sum(axis=0)
    return {t: int(known[n]) for n, t in enumerate(panel.tickers) if not usable[n]}


def panel_to_frame(panel: Panel) -> pd.DataFrame:
    """Return the panel in long format: ticker by ticker, all sessions of the axis."""
    columns: dict[str, Any] = {
        "ticker": np.repeat(np.array(panel.tickers, dtype=object), len(panel.sessions)),
        "session": np.tile(panel.sessions.to_numpy(DATE_DTYPE), len(panel.tickers)),
        "variance": panel.variance.T.ravel(),
        "log_return": panel.log_return.T.ravel(),
        "target_start": panel.target_start.T.ravel(),
    }
    for position, horizon in enumerate(panel.horizons):
        columns[f"{TARGET}{horizon}"] = panel.target[:, :, position].T.ravel()
        columns[f"{TARGET_END}{horizon}"] = panel.target_end[:, :, position].T.ravel()
    for position, name in enumerate(panel.names):
        columns[name] = panel.x[:, :, position].T.ravel()
    return pd.DataFrame(columns)


def read_panel(path: Path) -> Panel:
    """Return the panel that `panel_to_frame` made, from Parquet.

    Raises
    ------
    StorageError
        The file is missing or damaged.
    """
    frame = read_frame(path)
    try:
        return _from_frame(frame)
    except (KeyError, ValueError) as error:
        raise StorageError(f"{path} is damaged ({error}); delete it and run again") from error


def _from_frame(frame: pd.DataFrame) -> Panel:
    tickers = tuple(frame["ticker"].unique())
    ends = [name for name in frame.columns if name.startswith(TARGET_END)]
    horizons = tuple(int(name.removeprefix(TARGET_END)) for name in ends)
    names = tuple(name for name in frame.columns if name in FEATURES)
    shape = (len(tickers), len(frame) // len(tickers))

    def grid(name: str, dtype: Any) -> Any:
        return np.ascontiguousarray(frame[name].to_numpy(dtype).reshape(shape).T)

    x = np.empty((*shape[::-1], len(names)), np.float32)
    for position, name in enumerate(names):
        x[:, :, position] = grid(name, np.float32)
    return Panel(
        sessions=pd.DatetimeIndex(frame["session"].iloc[: shape[1]]),
        tickers=tickers,
        names=names,
        horizons=horizons,
        x=x,
        optional=np.array([FEATURES[name].optional for name in names]),
        level=np.array([FEATURES[name].level for name in names]),
        target=np.stack([grid(f"{TARGET}{h}", np.float64) for h in horizons], axis=-1),
        variance=grid("variance", np.float64),
        log_return=grid("log_return", np.float64),
        target_start=grid("target_start", DATE_DTYPE),
        target_end=np.stack([grid(f"{TARGET_END}{h}", DATE_DTYPE) for h in horizons], axis=-1),
    )
