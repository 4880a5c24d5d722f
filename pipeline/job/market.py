"""The bars of now, their hashes, and the panel that is made from them."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass

import numpy as np
import pandas as pd

from volcast.features.panel import Panel
from volcast.pipeline.config.settings import Config
from volcast.pipeline.panel.build import build_grids, build_panel
from volcast.pipeline.panel.load_bars import load_bars
from volcast.pipeline.progress import Progress


@dataclass(frozen=True)
class Market:
    """Clean bars, the panel of them, up to when they were fetched, and what was said of them."""

    bars: pd.DataFrame
    panel: Panel
    vintage: dt.datetime
    told: tuple[str, ...] = ()


def load_market(config: Config, now: dt.datetime, progress: Progress | None = None) -> Market:
    """Return what the source has up to now, of settled sessions alone, and the panel of it.

    Raises
    ------
    DataError
        No ticker has a bar.
    """
    loaded = load_bars(config, now, progress or Progress())
    panel = build_panel(build_grids(loaded.bars, config), config)
    failed = (f"{ticker} has no bars: {why}" for ticker, why in loaded.failures.items())
    return Market(loaded.bars, panel, now, (*loaded.notes, *failed))


class BarHashes:
    """The hash of each ticker's bars up to any session, from one pass over them."""

    def __init__(self, bars: pd.DataFrame) -> None:
        rows = pd.util.hash_pandas_object(bars, index=False).to_numpy()
        self._by_ticker: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        sessions = bars["session"].to_numpy()
        for ticker, places in bars.groupby("ticker", sort=False).indices.items():
            ordered = places[np.argsort(sessions[places], kind="stable")]
            self._by_ticker[str(ticker)] = (sessions[ordered], rows[ordered])

    def until(self, session: pd.Timestamp) -> dict[str, str]:
        """Return the hash of each ticker's bars up to a session, included."""
        return {
            ticker: hashlib.sha256(
                rows[: np.searchsorted(sessions, session.to_datetime64(), side="right")].tobytes()
            ).hexdigest()
            for ticker, (sessions, rows) in self._by_ticker.items()
        }
