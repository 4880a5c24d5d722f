"""The folds of a panel: the settings turned into splits, each checked for rows to train on."""

from __future__ import annotations

from volcast.features.panel import Panel
from volcast.models.forecaster import Sample, select_fit_rows
from volcast.pipeline.backtest.first_test import describe_shortage, find_first_test
from volcast.pipeline.backtest.splits import Fold, WalkForward
from volcast.pipeline.config.settings import Config
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
        raise DataError(describe_shortage(panel, sample, config)) from error
    for fold in folds:
        check_rows(panel, sample, fold, config)
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


def check_rows(panel: Panel, sample: Sample, fold: Fold, config: Config) -> None:
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
            raise DataError(describe_shortage(panel, sample, config))
        part = fold.train if purpose == "train" else fold.validation
        first, last = (panel.sessions[at].date() for at in (part.start, part.stop - 1))
        raise DataError(
            f"fold {fold.number + 1}, tested from {panel.sessions[fold.test.start].date()}, has "
            f"nothing to {purpose} on: no ticker has features and targets from {first} to {last}; "
            "fill the gap in the data, or choose a later start"
        )
