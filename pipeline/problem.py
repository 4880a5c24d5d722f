"""From a panel to the training problem of the diagnostics, in the years before the first test."""

from __future__ import annotations

import numpy as np

from features.panel import Panel
from models.diagnose.problem import Part, Problem, problem_of, thinned
from models.forecaster import REQUIRED, Sample, fitted_rows
from pipeline import walk
from pipeline.config import Config
from pipeline.errors import DataError
from pipeline.panels import sample_of
from pipeline.splits import WalkForward

JUDGED_SHARE = 0.2  # of the sessions before the first test, the latest: where settings are judged
LARGEST_PART = 8_192  # rows; beyond it a part is thinned evenly


def development_problem(panel: Panel, config: Config, *, limit: int = LARGEST_PART) -> Problem:
    """Return rows that train, stop and judge, all before the first tested session.

    Whoever chooses settings by a diagnostic has thus not looked at the years that the report
    tests. Each part is thinned to at most `limit` rows.

    Raises
    ------
    DataError
        The history before the first test is too short to be cut in three.
    """
    first_test = walk.folds_of(panel, config)[0].test.start
    sample = sample_of(panel).until(first_test - 1)
    usable = np.flatnonzero(sample.usable().any(axis=1))
    judged = round((first_test - usable[0]) * JUDGED_SHARE)
    rule = WalkForward(
        first_test=first_test - judged,
        refit_every=judged,
        purge=max(panel.horizons),
        validation_share=config.split.validation_share,
        window=config.split.train_sessions if config.split.window == "rolling" else None,
    )
    try:
        fold = next(rule.folds(first_test))
        parts = [
            thinned(_part(sample, sessions, following.start), limit)
            for sessions, following in (
                (fold.train, fold.validation),
                (fold.validation, fold.test),
                (fold.test, slice(None)),
            )
        ]
        regressor = walk.regressor_of(config).set_params(
            anchor=list(sample.positions(REQUIRED)), levels=list(np.flatnonzero(sample.level))
        )
        return problem_of(regressor, *parts)
    except ValueError as error:
        raise DataError(
            f"too little history before the first test, {panel.sessions[first_test].date()}, to "
            f"train, stop and judge on ({error}); ask for an earlier start or a later "
            "split.test_start"
        ) from error


def _part(sample: Sample, sessions: slice, known_before: int | None) -> Part:
    rows = fitted_rows(sample, sessions, known_before=known_before)
    return sample.x[rows], sample.target[rows]
