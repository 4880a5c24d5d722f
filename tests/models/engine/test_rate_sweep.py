"""A sweep over learning rates takes the steps of a training."""

import numpy as np

from tests.models.diagnose.samples import make_problem
from volcast.models.engine.rate_sweep import sweep_learning_rates


def test_a_sweep_takes_the_steps_of_an_epoch_of_training():
    problem = make_problem(batch_size=64)
    team = problem.build_members()
    steps = team[0].batch_shape[1]
    losses, orders = sweep_learning_rates(
        problem.rows, team, problem.build_plan(), np.full(2 * steps + 3, 1e-3)
    )
    assert losses.shape == (2 * steps + 3, 3)
    training = len(problem.training)
    for order in orders:
        assert len(order) == 2 * training + 3 * 64
        assert sorted(order[:training]) == list(problem.training)
        assert sorted(order[training : 2 * training]) == list(problem.training)
    assert (orders[0][:training] != orders[1][:training]).any()


def test_the_first_loss_of_a_sweep_is_that_of_the_untrained_network():
    problem = make_problem()
    losses, orders = sweep_learning_rates(
        problem.rows, problem.build_members(), problem.build_plan(), np.full(3, 1e-3)
    )
    for member, order in enumerate(orders):
        rows = order[:32]
        error = problem.rows.target[rows] - problem.rows.anchor[rows]
        expected = (np.exp(error) - error - 1).mean()
        np.testing.assert_allclose(losses[0, member], expected, rtol=1e-5)
