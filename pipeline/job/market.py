"""The bars known at one moment, their hashes, and the panel built from them."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from volcast.features.panel import Panel
from volcast.pipeline.config.settings import Config
from volcast.pipeline.data.quality.summary import format_actions
from volcast.pipeline.job.external_hashes import ExternalHashes
from volcast.pipeline.memory import release_memory
from volcast.pipeline.panel.build import assign_calendars, build_grids
from volcast.pipeline.panel.external import NOTHING_EXTERNAL, ExternalData
from volcast.pipeline.panel.held_bars import carry_features
from volcast.pipeline.panel.load_bars import load_bars
from volcast.pipeline.panel.stored_panel import build_lean_panel
from volcast.pipeline.progress import Progress


@dataclass(frozen=True)
class Market:
    """The bars known at one moment and their panel.

    Attributes
    ----------
    bars
        Clean bars of settled sessions.
    panel
        Features and targets of these bars.
    vintage
        When the bars were fetched.
    notes
        What the source reported about the bars, such as tickers without any.
    newest
        The newest session that the source returned, final or not; None if it is not known.
    held
        Ticker to the session of its newest bar, for each from whose newest bar nothing can be
        forecast (`volcast.pipeline.data.quality.summary.find_held_bars`).
    external
        Events of the tickers, and exogenous series.
    """

    bars: pd.DataFrame
    panel: Panel
    vintage: dt.datetime
    notes: tuple[str, ...] = ()
    newest: pd.Timestamp | None = None
    held: Mapping[str, pd.Timestamp] = field(default_factory=dict)
    external: ExternalData = NOTHING_EXTERNAL

    def held_on(self, day: pd.Timestamp) -> frozenset[str]:
        """Return the tickers whose bar of a session is held back."""
        return frozenset(ticker for ticker, session in self.held.items() if session == day)


def load_market(config: Config, now: dt.datetime, progress: Progress | None = None) -> Market:
    """Load the bars of all sessions that have settled by `now`, and build their panel.

    Raises
    ------
    DataError
        No ticker has a bar.
    """
    progress = progress or Progress()
    loaded = load_bars(config, now, progress)
    progress.note(format_actions(loaded.quality))
    release_memory()  # what reading and checking the bars took
    panel = build_market_panel(loaded.bars, config, loaded.held, loaded.external)
    failures = (f"{ticker} has no bars: {reason}" for ticker, reason in loaded.failures.items())
    return Market(
        bars=loaded.bars,
        panel=panel,
        vintage=now,
        notes=(*loaded.notes, *failures),
        newest=loaded.newest,
        held=loaded.held,
        external=loaded.external,
    )


def build_market_panel(
    bars: pd.DataFrame,
    config: Config,
    held: Mapping[str, pd.Timestamp],
    external: ExternalData = NOTHING_EXTERNAL,
) -> Panel:
    """Return the panel of clean bars, in which tickers with a held bar keep their features."""
    grids = build_grids(bars, config, held, external)
    return carry_features(build_lean_panel(grids, config, len(bars)), held)


def hash_market(market: Market, config: Config) -> BarHashes:
    """Return the hashes of a market's data up to any session."""
    calendars = assign_calendars(market.panel.tickers, config)
    return BarHashes(market.bars, ExternalHashes(market.external, calendars))


class BarHashes:
    """The hash of each ticker's data up to any session, from one pass over the bars.

    Parameters
    ----------
    bars
        Clean bars, one row for each ticker and session.
    external
        Hashes of what was known beside the bars. Where that is nothing, a hash is of bars alone.
    """

    def __init__(self, bars: pd.DataFrame, external: ExternalHashes) -> None:
        self._external = external
        rows = pd.util.hash_pandas_object(bars, index=False).to_numpy()
        self._by_ticker: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        sessions = bars["session"].to_numpy()
        for ticker, places in bars.groupby("ticker", sort=False).indices.items():
            ordered = places[np.argsort(sessions[places], kind="stable")]
            self._by_ticker[str(ticker)] = (sessions[ordered], rows[ordered])

    def until(self, session: pd.Timestamp) -> dict[str, str]:
        """Return for each ticker the hash of its bars, and of what else was known, at a session."""
        found = {}
        for ticker, (sessions, rows) in self._by_ticker.items():
            last = np.searchsorted(sessions, session.to_datetime64(), side="right")
            known = rows[:last].tobytes() + self._external.until(ticker, session)
            found[ticker] = hashlib.sha256(known).hexdigest()
        return found
