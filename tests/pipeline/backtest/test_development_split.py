"""The development problem sees nothing of the tested years."""

from dataclasses import replace

import numpy as np
import pytest

from volcast.features.feature_table import FeatureTable
from volcast.pipeline.backtest.development_split import (
    LARGEST_PART,
    build_development_problem,
    split_development_rows,
)
from volcast.pipeline.backtest.folds import build_folds
from volcast.pipeline.backtest.run_folder import read_config
from volcast.pipeline.config.settings import Config
from volcast.pipeline.errors import DataError


@pytest.fixture(scope="module")
def config(finished):
    return read_config(finished)


def test_the_parts_follow_each_other_before_the_first_test(panel, config):
    first = build_folds(panel, config)[0].test.start
    problem = build_development_problem(panel, config)
    parts = (problem.training, problem.validation, problem.test)
    assert all(len(part) for part in parts)
    assert sum(map(len, parts)) <= first * len(panel.tickers)
    np.testing.assert_array_equal(np.concatenate(parts), range(len(problem.rows)))


def test_what_comes_after_the_first_test_changes_no_bit(panel, config):
    first = build_folds(panel, config)[0].test.start
    rng = np.random.default_rng(0)
    x, target = np.array(panel.x), panel.target.copy()
    x[first:] = rng.normal(size=x[first:].shape)
    ends_later = panel.target_end >= panel.sessions.to_numpy()[first]
    target[ends_later] = rng.exponential(size=int(ends_later.sum()))
    spoilt = replace(panel, x=FeatureTable.from_array(x), target=target)
    for one, two in zip(
        split_development_rows(panel, config)[1],
        split_development_rows(spoilt, config)[1],
        strict=True,
    ):
        np.testing.assert_array_equal(one[0], two[0])
        np.testing.assert_array_equal(one[1], two[1])


def test_large_parts_are_thinned_evenly(panel, config):
    problem = build_development_problem(panel, config, limit=20)
    assert len(problem.training) == 20
    assert len(problem.rows) <= 60 < LARGEST_PART


def test_a_history_too_short_for_three_parts_is_an_error(panel, config):
    """It is enough for a fold, which is cut in two."""
    usable = int(np.flatnonzero(np.isfinite(panel.x[:, :, ~panel.optional]).all(axis=2).any(1))[0])
    values = config.model_dump()
    for first in range(usable, usable + 100):
        values["split"]["test_start"] = panel.sessions[first].date()
        short = Config.model_validate(values)
        try:
            build_folds(panel, short)
        except DataError:
            continue
        with pytest.raises(DataError, match=r"history before the first test, .* for tra"):
            build_development_problem(panel, short)
        return
    raise AssertionError("no history was enough for a fold")
