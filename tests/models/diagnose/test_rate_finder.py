import numpy as np
import pytest

from tests.models.diagnose.samples import make_problem
from volcast.models.diagnose.rate_finder import _average_by_step, find_rate, smooth_curves
from volcast.models.engine.rate_sweep import sweep_learning_rates


@pytest.fixture(scope="module")
def found():
    return find_rate(make_problem())


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
