"""Where the first test begins, and what a history lacks that is too short for one."""

from __future__ import annotations

import numpy as np
import pandas as pd

from volcast.features.panel import Panel
from volcast.models.forecaster import Sample
from volcast.pipeline.config.settings import Config, SplitSettings
from volcast.pipeline.data.sources.catalogue import find_entry

USUAL_TRAIN_SESSIONS = SplitSettings().train_sessions
LEAST_TRAIN_SESSIONS = 250  # of a shorter walk-forward: a year, as of the longest features
LEAST_TEST_SESSIONS = 22  # of a shorter walk-forward: a month
LEAST_OFFERED = (
    70  # of split.train_sessions: with fewer, purging a month may leave no row to fit on
)
USUAL_FIRST_USABLE = 150  # sessions until the default features are known


def find_first_test(panel: Panel, sample: Sample, config: Config) -> int:
    """Return the position of the first test origin; it may lie beyond the last session.

    It is ``split.test_start`` if set, else the source's own test start if enough sessions precede
    it, else the origin after ``split.train_sessions`` usable sessions. If the history is too short
    for the usual number of these, half of its usable sessions come before the test.
    """
    if config.split.test_start is not None:
        return int(panel.sessions.searchsorted(pd.Timestamp(config.split.test_start)))
    first_usable = _find_first_usable(panel, sample)
    entry = find_entry(config.data.source)
    if entry.test_start is not None:
        usual = int(panel.sessions.searchsorted(pd.Timestamp(entry.test_start)))
        needed = entry.sessions_before_test or config.split.train_sessions
        if first_usable + needed <= usual < len(panel.sessions):
            return usual
    usable = len(panel.sessions) - first_usable
    too_short = usable < config.split.train_sessions + LEAST_TEST_SESSIONS
    if too_short and config.split.train_sessions == USUAL_TRAIN_SESSIONS:
        fewer = max(LEAST_TRAIN_SESSIONS, usable // 2)
        if usable >= fewer + LEAST_TEST_SESSIONS:
            return first_usable + fewer
    return first_usable + config.split.train_sessions


def describe_shorter_test(panel: Panel, sample: Sample, config: Config) -> str:
    """Return a sentence if the test begins early because the history is short; else nothing."""
    first_test = find_first_test(panel, sample, config)
    first_usable = _find_first_usable(panel, sample)
    before = first_test - first_usable
    by_itself = (
        config.split.test_start is None and find_entry(config.data.source).test_start is None
    )
    if not by_itself or before >= config.split.train_sessions:
        return ""
    return (
        f"the history is short: of {len(panel.sessions) - first_usable:,} usable sessions the "
        f"first {before:,} precede the test, which begins on {panel.sessions[first_test].date()}, "
        f"instead of {config.split.train_sessions:,}"
    )


def describe_shortage(panel: Panel, sample: Sample, config: Config) -> str:
    """Return how many sessions the first fold needs, how many there are, and what would work.

    Sessions are counted from the first one with a variance, and if that is not the first one of the
    data, the sentence says so.
    """
    known = np.flatnonzero(np.isfinite(panel.variance).any(axis=1))
    begin = int(known[0]) if len(known) else len(panel.sessions) - 1
    first_usable = _find_first_usable(panel, sample)
    needed = find_first_test(panel, sample, config) + 1 - begin
    found, last = len(panel.sessions) - begin, panel.sessions[-1].date()
    lacks = (
        f"it needs {needed:,} sessions with a variance (about a year for the first features, then "
        f"those before the test), and has {found:,}"
        if needed > found
        else f"of {found:,} sessions with a variance those before the test, after the first "
        "features, are too few to train and to validate on"
    )
    return (
        f"too little history for the first fold: {lacks}, "
        f"{panel.sessions[begin].date()} to {last}{_describe_late_variance(panel, begin)}; "
        f"{_offer_remedy(panel, first_usable)}"
    )


def _describe_late_variance(panel: Panel, begin: int) -> str:
    if begin <= 1:  # the first return needs the close before
        return ""
    return (
        f" (the data has {len(panel.sessions):,} sessions from {panel.sessions[0].date()}, but no "
        f"variance before {panel.sessions[begin].date()})"
    )


def _offer_remedy(panel: Panel, first_usable: int) -> str:
    usable = len(panel.sessions) - first_usable
    fewer = max(LEAST_OFFERED, usable // 2)
    if usable < fewer + LEAST_TEST_SESSIONS:
        begin = first_usable if usable else USUAL_FIRST_USABLE
        enough = begin + LEAST_OFFERED + LEAST_TEST_SESSIONS
        return (
            f"use a longer history: about {enough} sessions are enough with --train-sessions "
            f"{LEAST_OFFERED} (split.train_sessions)"
        )
    start = panel.sessions[first_usable + fewer].date()
    return (
        f"--train-sessions {fewer} or --test-start {start} works with these (split.train_sessions, "
        "split.test_start)"
    )


def _find_first_usable(panel: Panel, sample: Sample) -> int:
    usable = np.flatnonzero(sample.usable().any(axis=1))
    return int(usable[0]) if len(usable) else len(panel.sessions)
