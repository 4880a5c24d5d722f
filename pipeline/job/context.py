"""What one evening works with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import pandas as pd

from volcast.features.panel import Panel
from volcast.pipeline.config.settings import Config
from volcast.pipeline.job.challenger import first_after
from volcast.pipeline.job.panel_cache import PanelCache
from volcast.pipeline.job.registry_view import RegistryView
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.progress import Progress
from volcast.pipeline.registry.versions import Version
from volcast.reports.monitoring.alerts import Observation

Clock: TypeAlias = Callable[[], dt.datetime]


@dataclass(frozen=True)
class JobContext:
    """What one evening works with.

    Attributes
    ----------
    config, panels
        The settings; features and targets, of which nothing after `origin` is used.
    origin : int
        Position of the session whose close is the last thing known.
    clock
        Asked whenever something is written, so that what took long is not dated back.
    vintage : datetime
        Up to when the bars were fetched.
    data_hash : mapping
        Of each ticker's bars.
    ledger, standing
        Open for writing; who is champion.
    told
        What the source said of the bars: those that are old, tickers without any.
    conditions
        What was observed before the evening began, of the disk say.
    short_of_room
        Whether the disk has room for the forecasts alone.
    """

    config: Config
    panels: PanelCache
    origin: int
    clock: Clock
    vintage: dt.datetime
    data_hash: Mapping[str, str]
    ledger: Ledger
    registry_view: RegistryView
    told: tuple[str, ...] = ()
    conditions: tuple[Observation, ...] = ()
    short_of_room: bool = False
    progress: Progress = field(default_factory=Progress)

    @property
    def now(self) -> dt.datetime:
        """What the clock says."""
        return self.clock()

    @property
    def panel(self) -> Panel:
        """Features and targets under the settings of this evening."""
        return self.panels.own

    @property
    def day(self) -> pd.Timestamp:
        """The origin's date."""
        return pd.Timestamp(self.panel.sessions[self.origin])

    @property
    def tickers(self) -> tuple[str, ...]:
        """Those asked for; where the source decides, those it has and those it had before."""
        model = self.registry_view.newest_model
        asked = self.config.data.tickers or (model.tickers if model else ())
        return tuple(dict.fromkeys((*self.panel.tickers, *asked)))

    def sessions_ago(self, count: int) -> dt.date:
        """Return the session that many before the origin, or the first one there is."""
        day: dt.date = self.panel.sessions[max(0, self.origin - count)].date()
        return day

    def has_seen(self, version: Version) -> bool:
        """Return whether a network was trained on the origin or a later session."""
        return version.facts["trained_through"] >= str(self.day.date())

    @property
    def first_trained(self) -> int:
        """Position of the first origin after the newest training; this one where there is none.

        This one, too, where the newest training has seen more than this evening knows.
        """
        newest = self.registry_view.newest
        if newest is None:
            return self.origin
        return min(self.origin, first_after(self.panel, newest.facts["trained_through"]))
