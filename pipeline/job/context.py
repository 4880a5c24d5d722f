"""What the steps of one daily run work with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import pandas as pd

from volcast.features.panel import Panel
from volcast.pipeline.cluster.work import Executor
from volcast.pipeline.config.settings import Config
from volcast.pipeline.job.origins import find_first_origin_after
from volcast.pipeline.job.panel_cache import PanelCache
from volcast.pipeline.job.registry_view import RegistryView
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.progress import Progress
from volcast.pipeline.registry.versions import Version
from volcast.reports.monitoring.alerts import Observation

Clock: TypeAlias = Callable[[], dt.datetime]


@dataclass(frozen=True)
class JobContext:
    """What the steps of one daily run work with.

    Attributes
    ----------
    config
        The current settings.
    panels
        Features and targets, of which nothing after `origin` is used.
    origin : int
        Position of the session whose close is the last thing known.
    clock
        Returns the time; read whenever something is written, so that a forecast that took long to
        compute is not dated back.
    vintage : datetime
        When the bars were fetched.
    data_hash : mapping
        The hash of each ticker's bars.
    ledger
        The home's ledger, open for writing.
    registry_view
        Champion, newest network and their models.
    held
        Tickers from whose bar of the origin nothing can be forecast: it is held back, or the one
        before it was rejected. Their forecasts use the bars before.
    data_notes
        What the source reported about the bars: that they are old, tickers without any.
    preconditions
        What was observed before the run began, such as the space left on the disk.
    disk_nearly_full : bool
        Whether only the forecasts should be written.
    progress
        Reports the stages.
    executor
        Trains the networks of shadow periods; None: this process.
    """

    config: Config
    panels: PanelCache
    origin: int
    clock: Clock
    vintage: dt.datetime
    data_hash: Mapping[str, str]
    ledger: Ledger
    registry_view: RegistryView
    held: frozenset[str] = frozenset()
    data_notes: tuple[str, ...] = ()
    preconditions: tuple[Observation, ...] = ()
    disk_nearly_full: bool = False
    progress: Progress = field(default_factory=Progress)
    executor: Executor | None = None

    @property
    def now(self) -> dt.datetime:
        """Return the clock's time."""
        return self.clock()

    @property
    def panel(self) -> Panel:
        """Return features and targets under the current settings."""
        return self.panels.current

    @property
    def day(self) -> pd.Timestamp:
        """Return the date of the origin."""
        return pd.Timestamp(self.panel.sessions[self.origin])

    @property
    def tickers(self) -> tuple[str, ...]:
        """Return the tickers of the panel and those that should be in it.

        These are the tickers of the settings, or, if the source decides, those of the newest model.
        """
        expected = self.config.data.tickers or self.registry_view.newest_tickers
        return tuple(dict.fromkeys((*self.panel.tickers, *expected)))

    @property
    def first_origin_after_training(self) -> int:
        """Return the position of the first session after the newest network's training.

        This is the current origin if there is no network, or if it was trained on later sessions.
        """
        newest = self.registry_view.newest
        if newest is None:
            return self.origin
        first = find_first_origin_after(self.panel, newest.facts["trained_through"])
        return min(self.origin, first)

    def sessions_ago(self, count: int) -> dt.date:
        """Return the session `count` sessions before the origin, or the first one of the panel."""
        day: dt.date = self.panel.sessions[max(0, self.origin - count)].date()
        return day

    def was_trained_on_origin(self, version: Version) -> bool:
        """Return whether a network was trained on the origin or a later session."""
        return version.facts["trained_through"] >= str(self.day.date())
