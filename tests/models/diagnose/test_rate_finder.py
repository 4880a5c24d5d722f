import numpy as np
import pytest

from tests.models.diagnose.samples import make_problem
from volcast.models.diagnose.rate_finder import _average_by_step, find_rate, smooth_curves
from volcast.models.engine.rate_sweep import sweep_learning_rates


@pytest.fixture(scope="module")
def found():
    return find_rate(make_problem())


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


def test_an_epochs_last_batch_may_be_the_shorter_one():
    values = np.array([1.0, 3.0, 5.0, 7.0, 11.0, 2.0, 4.0])
    np.testing.assert_allclose(_average_by_step(values, batch=2, epoch=5), [2.0, 6.0, 11.0, 3.0])


def test_the_curve_is_flat_then_falls_then_breaks(found):
    curve = found.curve
    small = curve[curve["rate"] < 1e-6]["change"]
    assert np.abs(small).max() < 1e-3
    assert curve["change"].min() < -0.1
    assert curve["change"].iloc[-1] > 0.5
    assert (curve["low"] <= curve["change"]).all() and (curve["change"] <= curve["high"]).all()


def test_the_suggestion_lies_between_the_flat_and_the_broken(found):
    members = found.members
    assert len(members) == 16
    assert (members["suggested"] <= members["diverging"] / 3 * (1 + 1e-12)).all()
    assert 3e-4 < members["suggested"].median() < 0.1
    assert members["suggested"].quantile(0.75) < 5 * members["suggested"].quantile(0.25)


def test_noise_of_the_batches_cancels_against_the_untrained_network():
    """With batches of 2 rows the losses themselves jump far more than the curve."""
    problem = make_problem(batch_size=2)
    rates = np.geomspace(1e-7, 1e-5, 100)
    losses, _ = sweep_learning_rates(
        problem.rows, problem.build_members(), problem.build_plan(), rates
    )
    curve = find_rate(problem, members=3).curve
    early = curve[curve["rate"] < 1e-5]["change"]
    assert early.std() < 0.01 * (losses / losses.mean()).std()


def test_members_that_overflow_count_as_broken_from_there_on():
    change = np.array([[0.0, -1.0, np.nan, -2.0, 0.0]])
    assert np.isinf(smooth_curves(change, np.linspace(0, 1, 5))[0, 2:]).all()
    assert np.isfinite(smooth_curves(change, np.linspace(0, 1, 5))[0, :2]).all()


def test_the_same_problem_gives_the_same_sweep(found):
    assert find_rate(make_problem()).curve.equals(found.curve)
