"""The Model Confidence Set: the range statistic by a naive loop, and where it is not computed."""

import numpy as np
import pytest
from arch.bootstrap import StationaryBootstrap

from volcast.reports.scoring.confidence_set import (
    REPETITIONS,
    SEED,
    block_length,
    model_confidence_set,
)


def naive_confidence_set(losses, horizon):
    """Hansen, Lunde & Nason (2011), section 3.1.2, with the range statistic, by loops."""
    count, models = losses.shape
    blocks = StationaryBootstrap(block_length(count, horizon), np.arange(count), seed=SEED)
    means = [losses[data[0][0]].mean(axis=0) for data in blocks.bootstrap(REPETITIONS)]
    mean, values, left, highest = losses.mean(axis=0), np.ones(models), set(range(models)), 0.0
    while len(left) > 1:
        pairs = [(i, j) for i in left for j in left if i != j]
        found, drawn = {}, []
        for i, j in pairs:
            gap = mean[i] - mean[j]
            errors = np.array([m[i] - m[j] - gap for m in means])
            deviation = np.sqrt(np.mean(errors**2))
            found[i, j] = gap / deviation
            drawn.append(errors / deviation)
        statistic = max(found.values())
        highest = max(highest, float(np.mean(np.max(drawn, axis=0) > statistic)))
        worst = next(pair[0] for pair, value in found.items() if value == statistic)
        values[worst] = highest
        left.remove(worst)
    return values


@pytest.mark.parametrize("horizon", [1, 5])
def test_p_values_equal_those_of_a_naive_loop_over_pairs(horizon):
    rng = np.random.default_rng(1)
    market = rng.standard_normal((300, 1))
    own = rng.standard_normal((300, 4)) * [0.1, 0.1, 0.2, 3.0]
    losses = market + own + [0.0, 0.01, 0.02, 0.1]
    found = model_confidence_set(losses, horizon)
    assert found == pytest.approx(naive_confidence_set(losses, horizon))
    assert len(set(found)) > 2


def test_a_model_of_wild_losses_hides_no_difference_among_the_others():
    rng = np.random.default_rng(3)
    losses = rng.standard_normal((400, 1)) + 0.1 * rng.standard_normal((400, 3))
    losses[:, 1] += 0.05
    losses[:, 2] += 5.0 * rng.standard_normal(400)
    best, worse, _ = model_confidence_set(losses, 1)
    assert best > 0.1 and worse < 0.01


@pytest.mark.parametrize(("dates", "horizon", "known"), [(880, 22, True), (879, 22, False)])
def test_fewer_than_twenty_blocks_of_two_horizons_give_no_set(dates, horizon, known):
    losses = np.random.default_rng(3).standard_normal((dates, 2))
    assert np.isfinite(model_confidence_set(losses, horizon)).all() == known


def test_fewer_than_two_different_models_give_no_set():
    losses = np.random.default_rng(4).standard_normal((100, 1))
    assert np.isnan(model_confidence_set(np.repeat(losses, 3, axis=1), 1)).all()
