"""The development split: rows before the first test, on which diagnostics train and judge."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from volcast.features.panel import Panel
from volcast.models.diagnose.training_problem import (
    Part,
    TrainingProblem,
    build_training_problem,
    thin_rows,
)
from volcast.models.forecaster import REQUIRED, Sample, select_fit_rows
from volcast.models.regressor.estimator import KerasVolatilityRegressor
from volcast.pipeline.backtest.folds import build_folds, make_split_rule
from volcast.pipeline.backtest.model_factory import build_regressor
from volcast.pipeline.config.settings import Config
from volcast.pipeline.errors import DataError
from volcast.pipeline.panel.build import build_sample

JUDGED_SHARE = (
    0.2  # of the sessions before the first test: the latest, on which settings are judged
)
LARGEST_PART = 4_096  # rows; beyond it a part is thinned evenly


def build_development_problem(
    panel: Panel, config: Config, *, limit: int = LARGEST_PART
) -> TrainingProblem:
    """Return the training problem of the diagnostics, on rows before the first test origin.

    Settings that are chosen by a diagnostic have thus not been chosen on the years that the report
    tests. Each of the three parts is thinned to at most `limit` rows.

    Raises
    ------
    DataError
        The history before the first test is too short for three parts.
    """
    regressor, parts = split_development_rows(panel, config)
    return build_training_problem(regressor, *(thin_rows(part, limit) for part in parts))


def split_development_rows(
    panel: Panel, config: Config
) -> tuple[KerasVolatilityRegressor, list[Part]]:
    """Return the configured regressor, and the training, validation and judged rows."""
    first_test = build_folds(panel, config)[0].test.start
    sample = build_sample(panel).until(first_test - 1)
    usable = np.flatnonzero(sample.usable().any(axis=1))
    judged = round((first_test - usable[0]) * JUDGED_SHARE)
    rule = replace(make_split_rule(config, first_test - judged), refit_every=judged)
    try:
        fold = next(rule.folds(first_test))
    except ValueError as error:
        raise _too_short(panel, first_test, str(error)) from error
    parts = [
        select_part(sample, fold.train, fold.validation.start),
        select_part(sample, fold.validation, fold.test.start),
        select_part(sample, fold.test),
    ]
    for name, part in zip(("training", "early stopping", "evaluation"), parts, strict=True):
        if not len(part[0]):
            raise _too_short(panel, first_test, f"no rows are left for {name}")
    regressor = build_regressor(config).set_params(
        anchor=list(sample.positions(REQUIRED)), levels=list(np.flatnonzero(sample.level))
    )
    return regressor, parts


def select_part(sample: Sample, sessions: slice, known_before: int | None = None) -> Part:
    """Return the usable rows of `sessions` whose targets end before the session `known_before`."""
    rows = select_fit_rows(sample, sessions, known_before=known_before)
    return sample.x[rows], sample.target[rows]


def _too_short(panel: Panel, first_test: int, reason: str) -> DataError:
    return DataError(
        f"too little history before the first test, {panel.sessions[first_test].date()}, for "
        f"training, early stopping and evaluation ({reason}); choose an earlier start or a later "
        "split.test_start"
    )
