"""The folds of a panel: the settings turned into splits, each checked for rows to train on."""

from __future__ import annotations

import numpy as np
import pandas as pd

from volcast.features.panel import Panel
from volcast.models.forecaster import Sample, select_fit_rows
from volcast.pipeline.backtest.splits import Fold, WalkForward
from volcast.pipeline.config.settings import Config
from volcast.pipeline.data.sources.catalogue import find_entry
from volcast.pipeline.errors import DataError
from volcast.pipeline.panel.build import build_sample


def build_folds(panel: Panel, config: Config) -> list[Fold]:
    """Return the walk-forward folds of a panel, in order of time.

    Raises
    ------
    DataError
        The history is too short; the message says how many sessions are needed and available.
    """
    sample = build_sample(panel)
    first_test = find_first_test(panel, sample, config)
    try:
        folds = list(make_split_rule(config, first_test).folds(len(panel.sessions)))
    except ValueError as error:
        raise DataError(f"{_describe_shortage(panel, first_test)}; {error}") from error
    for fold in folds:
        check_rows(panel, sample, fold)
    return folds


def make_split_rule(config: Config, first_test: int) -> WalkForward:
    """Return the rule of [split] and [target], with the first test origin at a session position."""
    rolling = config.split.window == "rolling"
    return WalkForward(
        first_test=first_test,
        refit_every=config.split.refit_every,
        purge=max(config.target.horizons),
        validation_share=config.split.validation_share,
        window=config.split.train_sessions if rolling else None,
    )


def find_first_test(panel: Panel, sample: Sample, config: Config) -> int:
    """Return the position of the first test origin; it may lie beyond the last session.

    It is ``split.test_start`` if set, else the source's own test start if enough sessions precede
    it, else the origin after ``split.train_sessions`` usable sessions.
    """
    if config.split.test_start is not None:
        return int(panel.sessions.searchsorted(pd.Timestamp(config.split.test_start)))
    usable = np.flatnonzero(sample.usable().any(axis=1))
    first_usable = int(usable[0]) if len(usable) else len(panel.sessions)
    enough = first_usable + config.split.train_sessions
    entry = find_entry(config.data.source)
    if entry.test_start is not None:
        usual = int(panel.sessions.searchsorted(pd.Timestamp(entry.test_start)))
        needed = entry.sessions_before_test or config.split.train_sessions
        if first_usable + needed <= usual < len(panel.sessions):
            return usual
    return enough


def check_rows(panel: Panel, sample: Sample, fold: Fold) -> None:
    """Raise ``DataError`` unless the fold has at least one row to train and one to validate on."""
    known = sample.until(fold.test.start - 1)
    rows = {
        "train": select_fit_rows(known, fold.train, known_before=fold.validation.start),
        "validate": select_fit_rows(known, fold.validation),
    }
    for purpose, fitted in rows.items():
        if fitted.any():
            continue
        if fold.number == 0:
            raise DataError(_describe_shortage(panel, fold.test.start))
        part = fold.train if purpose == "train" else fold.validation
        first, last = (panel.sessions[at].date() for at in (part.start, part.stop - 1))
        raise DataError(
            f"fold {fold.number + 1}, tested from {panel.sessions[fold.test.start].date()}, has "
            f"nothing to {purpose} on: no ticker has features and targets from {first} to {last}; "
            "fill the gap in the data, or choose a later start"
        )


def _describe_shortage(panel: Panel, first_test: int) -> str:
    found, first, last = len(panel.sessions), panel.sessions[0], panel.sessions[-1]
    return (
        f"too little history for the first fold: its test starts after {first_test} sessions, the "
        f"data has {found} ({first.date()} to {last.date()}), and a row to fit on needs about a "
        "year before it; choose an earlier start, or change split.train_sessions or "
        "split.test_start"
    )
