"""Batch, mini-batch and stochastic descent."""

import numpy as np
import pytest

from volcast.models.lab import (
    batch_sizes,
)


def test_batch_descent_is_smooth_and_stochastic_descent_is_not(tables):
    paths = tables["batches"]["paths"]
    rises = paths.groupby("way")["value"].apply(lambda loss: (loss.diff() > 0).sum())
    assert rises["batch"] == 0
    assert rises["stochastic"] > rises["mini-batch"]
    x, truth = batch_sizes.draw_line_rows()
    slope, intercept = np.polyfit(x[:, 0], truth[:, 0], 1)
    best = np.mean((slope * x + intercept - truth) ** 2)
    assert paths.groupby("way")["value"].last()["batch"] == pytest.approx(best, rel=1e-3)
    assert paths["value"].min() >= best


def test_a_larger_batch_is_behind_by_epoch_at_the_same_rate(tables):
    sizes = tables["batches"]["sizes"].set_index("batch_size")
    assert list(sizes["steps_an_epoch"]) == [32, 8, 2]
    assert sizes.loc[256, "median"] > 2 * sizes.loc[16, "median"]
