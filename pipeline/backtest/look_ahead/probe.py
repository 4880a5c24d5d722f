"""Probes: origins after which the bars are corrupted or cut off, and what they found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd

from volcast.features.bars import Bars
from volcast.features.look_ahead import corrupt_future
from volcast.pipeline.backtest.splits import Fold

SEED = 20_080_915
EARLY_PARTS = 4  # into which the sessions before the first test are cut
WEEK = 5  # sessions; a leak may show on one weekday only

NOT_REPRODUCED = (
    "and also when they are restored: it keeps values in memory from one computation to the next, "
    "draws at random, or the run was computed on another machine or with other libraries; run "
    "`volcast run` here with a new --out and verify that run"
)

Grids: TypeAlias = dict[str, Bars]
Method: TypeAlias = Literal["corrupted", "truncated"]
METHODS: tuple[Method, ...] = ("corrupted", "truncated")


@dataclass(frozen=True)
class Probe:
    """The position of an origin among the sessions, and what is done to all bars after it."""

    position: int
    method: Method


@dataclass(frozen=True)
class Future:
    """The bars of a run after a probe's change."""

    origin: pd.Timestamp
    method: Method
    bars: Grids

    @property
    def date(self) -> str:
        """The origin as an ISO date."""
        return f"{self.origin:%Y-%m-%d}"

    def __str__(self) -> str:
        """Name the change as messages do."""
        return f"the bars after {self.date} are {self.method}"


@dataclass(frozen=True)
class ProbeResult:
    """What a probe compared and found unchanged.

    Attributes
    ----------
    subject
        features, forecasts, intervals, value at risk, quality rules or variance column.
    proof
        How the future was removed, or "timing" for the statistics of the variance column.
    origin
        The origin, as an ISO date.
    compared
        The number of values.
    warning
        What looks suspicious without being proof; else empty.
    """

    subject: str
    proof: str
    origin: str
    compared: int
    warning: str = ""


def remove_future(bars: Grids, sessions: pd.DatetimeIndex, probe: Probe, seed: int) -> Future:
    """Return the bars with all rows after the probe's origin corrupted or cut off.

    Grids that begin later are left out. The corruption depends on `seed` and the origin alone.
    """
    origin = sessions[probe.position]
    rng = np.random.default_rng([seed, probe.position])
    changed = {}
    for name, grid in bars.items():
        last = int(grid.sessions.searchsorted(origin, "right")) - 1
        if last >= 0:
            cut = probe.method == "truncated"
            changed[name] = grid.until(last) if cut else corrupt_future(grid, last, rng)
    return Future(origin, probe.method, changed)


def choose_feature_probes(folds: Sequence[Fold], count: int, seed: int) -> list[Probe]:
    """Return the probes of the features, each origin with both methods.

    Origins are drawn from each quarter of the sessions before the first test and from the test part
    of every fold, `count` from each; the last five sessions with a successor are added.
    """
    rng = np.random.default_rng(seed)
    first, last = folds[0].test.start, folds[-1].test.stop - 1
    cuts = np.linspace(0, first, EARLY_PARTS + 1).astype(int)
    parts = list(pairwise(cuts))
    parts += [(fold.test.start, fold.test.stop) for fold in folds]
    origins = {int(o) for low, high in parts if low < high for o in rng.integers(low, high, count)}
    origins |= set(range(max(0, last - WEEK), last))
    return [Probe(origin, method) for origin in sorted(origins) for method in METHODS]


def choose_fold_probes(folds: Sequence[Fold], count: int, seed: int) -> list[tuple[Fold, Probe]]:
    """Return the probes of the forecasts, `count` in the test part of each fold.

    The methods take turns. The last origin with a successor is added: a leak may have come in with
    the newest bars only.
    """
    rng = np.random.default_rng(seed)
    probes = []
    for fold in folds:
        high = max(fold.test.start + 1, fold.test.stop - 1)  # the last one has no later session
        for draw, origin in enumerate(np.sort(rng.integers(fold.test.start, high, count))):
            probes.append((fold, Probe(int(origin), METHODS[(fold.number + draw) % 2])))
    newest = folds[-1]
    if newest.test.stop - newest.test.start > 1:
        probes.append((newest, Probe(newest.test.stop - 2, "corrupted")))
    return probes
