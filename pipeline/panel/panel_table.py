"""The panel as a table in long format, to write it to Parquet and to read it back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from volcast.features.panel import Panel
from volcast.features.registry import find_feature, is_feature
from volcast.features.target import DATE_DTYPE
from volcast.pipeline.errors import StorageError
from volcast.pipeline.files import read_frame

TARGET, TARGET_END = "target_", "target_end_"


def panel_to_frame(panel: Panel) -> pd.DataFrame:
    """Return a panel in long format: ticker by ticker, all sessions of the axis.

    Returns
    -------
    ticker, session, variance, log_return, level_factor, reaction and target_start; target_h and
    target_end_h for each horizon h; one column per feature.
    """
    columns: dict[str, Any] = {
        "ticker": np.repeat(np.array(panel.tickers, dtype=object), len(panel.sessions)),
        "session": np.tile(panel.sessions.to_numpy(DATE_DTYPE), len(panel.tickers)),
        "variance": panel.variance.T.ravel(),
        "log_return": panel.log_return.T.ravel(),
        "level_factor": panel.level_factor.T.ravel(),
        "reaction": panel.reaction.T.ravel(),
        "target_start": panel.target_start.T.ravel(),
    }
    for position, horizon in enumerate(panel.horizons):
        columns[f"{TARGET}{horizon}"] = panel.target[:, :, position].T.ravel()
        columns[f"{TARGET_END}{horizon}"] = panel.target_end[:, :, position].T.ravel()
    for position, name in enumerate(panel.names):
        columns[name] = panel.x[:, :, position].T.ravel()
    return pd.DataFrame(columns)


def read_panel(path: Path) -> Panel:
    """Return the panel in a Parquet file with the table of `panel_to_frame`.

    Raises
    ------
    StorageError
        When the file is missing or damaged.
    """
    frame = read_frame(path)
    try:
        return frame_to_panel(frame)
    except (KeyError, ValueError) as error:
        raise StorageError(f"{path} is damaged ({error}); delete it and run again") from error


def frame_to_panel(frame: pd.DataFrame) -> Panel:
    """Return the panel of a table that `panel_to_frame` made."""
    tickers = tuple(frame["ticker"].unique())
    ends = [name for name in frame.columns if name.startswith(TARGET_END)]
    horizons = tuple(int(name.removeprefix(TARGET_END)) for name in ends)
    names = tuple(name for name in frame.columns if is_feature(name))
    shape = (len(tickers), len(frame) // len(tickers))

    def grid(name: str, dtype: Any) -> Any:
        return np.ascontiguousarray(frame[name].to_numpy(dtype).reshape(shape).T)

    def stack_grids(prefix: str, dtype: Any) -> Any:
        return np.stack([grid(f"{prefix}{h}", dtype) for h in horizons], axis=-1)

    x = np.empty((*shape[::-1], len(names)), np.float32)
    for position, name in enumerate(names):
        x[:, :, position] = grid(name, np.float32)
    return Panel(
        sessions=pd.DatetimeIndex(frame["session"].iloc[: shape[1]]),
        tickers=tickers,
        names=names,
        horizons=horizons,
        x=x,
        optional=np.array([find_feature(name).optional for name in names]),
        long_run=np.array([find_feature(name).long_run for name in names]),
        level=np.array([find_feature(name).level for name in names]),
        target=stack_grids(TARGET, np.float64),
        variance=grid("variance", np.float64),
        log_return=grid("log_return", np.float64),
        level_factor=grid("level_factor", np.float64),
        reaction=grid("reaction", np.float64),
        target_start=grid("target_start", DATE_DTYPE),
        target_end=stack_grids(TARGET_END, DATE_DTYPE),
    )
