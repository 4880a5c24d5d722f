"""Both conventions of momentum against naive loops."""

import numpy as np
import pytest

from tests.models.backprop.samples import make_network, make_rows
from volcast.models.backprop.losses import (
    MSE,
)
from volcast.models.backprop.optimizers import (
    AveragedMomentum,
    Momentum,
    Optimizer,
)
from volcast.models.backprop.training import TrainingSettings, train


def test_both_momenta_are_those_of_a_naive_loop():
    gradients = np.random.default_rng(0).normal(size=10)
    rate, m = 0.1, 0.9
    classical, averaged = Optimizer(Momentum(rate, m)), Optimizer(AveragedMomentum(rate, m))
    mine, mine_averaged = [np.array([1.0])], [np.array([1.0])]
    x = x_averaged = 1.0
    v = v_averaged = 0.0
    for g in gradients:
        v = m * v - rate * g
        x = x + v
        v_averaged = m * v_averaged + (1 - m) * g
        x_averaged = x_averaged - rate * v_averaged
        mine = classical.step(mine, [np.array([g])])
        mine_averaged = averaged.step(mine_averaged, [np.array([g])])
        assert mine[0][0] == pytest.approx(x, abs=1e-15)
        assert mine_averaged[0][0] == pytest.approx(x_averaged, abs=1e-15)
    assert abs(x - x_averaged) > 0.1


def test_the_averaged_momentum_is_the_classical_one_at_a_smaller_rate():
    rows = make_rows()
    ends = [
        train(make_network(), rows, TrainingSettings(MSE, rule, 30)).network.parameters
        for rule in (Momentum(0.01, 0.9), AveragedMomentum(0.1, 0.9))
    ]
    for one, other in zip(*ends, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10)
