"""From a panel to the training problem of the diagnostics, in the years before the first test."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from features.panel import Panel
from models.diagnose.problem import Part, Problem, problem_of, thinned
from models.forecaster import REQUIRED, Sample, fitted_rows
from models.regressor import KerasVolatilityRegressor
from pipeline import walk
from pipeline.config import Config
from pipeline.errors import DataError
from pipeline.panels import sample_of

JUDGED_SHARE = 0.2  # of the sessions before the first test, the latest: where settings are judged
LARGEST_PART = 4_096  # rows; beyond it a part is thinned evenly


def development_problem(panel: Panel, config: Config, *, limit: int = LARGEST_PART) -> Problem:
    """Return rows that train, stop and judge, all before the first tested session.

    Whoever chooses settings by a diagnostic has thus not looked at the years that the report
    tests. Each part is thinned to at most `limit` rows.

    Raises
    ------
    DataError
        The history before the first test is too short to be cut in three.
    """
    regressor, parts = development_parts(panel, config)
    return problem_of(regressor, *(thinned(part, limit) for part in parts))


def development_parts(panel: Panel, config: Config) -> tuple[KerasVolatilityRegressor, list[Part]]:
    """Return the configured regressor, and the rows that train, stop and judge."""
    first_test = walk.folds_of(panel, config)[0].test.start
    sample = sample_of(panel).until(first_test - 1)
    usable = np.flatnonzero(sample.usable().any(axis=1))
    judged = round((first_test - usable[0]) * JUDGED_SHARE)
    rule = replace(walk.rule_of(config, first_test - judged), refit_every=judged)
    try:
        fold = next(rule.folds(first_test))
    except ValueError as error:
        raise _too_short(panel, first_test, str(error)) from error
    parts = [
        part_of(sample, fold.train, fold.validation.start),
        part_of(sample, fold.validation, fold.test.start),
        part_of(sample, fold.test),
    ]
    for name, part in zip(("train", "stop", "judge"), parts, strict=True):
        if not len(part[0]):
            raise _too_short(panel, first_test, f"no row is left to {name} on")
    regressor = walk.regressor_of(config).set_params(
        anchor=list(sample.positions(REQUIRED)), levels=list(np.flatnonzero(sample.level))
    )
    return regressor, parts


def part_of(sample: Sample, sessions: slice, known_before: int | None = None) -> Part:
    """Return the usable rows of some sessions whose targets end before session `known_before`."""
    rows = fitted_rows(sample, sessions, known_before=known_before)
    return sample.x[rows], sample.target[rows]


def _too_short(panel: Panel, first_test: int, reason: str) -> DataError:
    return DataError(
        f"too little history before the first test, {panel.sessions[first_test].date()}, to train, "
        f"stop and judge on ({reason}); ask for an earlier start or a later split.test_start"
    )
