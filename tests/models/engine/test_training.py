"""Members in one program: independent of each other, of their place, and of who has stopped."""

import numpy as np
import pytest

from tests.models.engine.samples import (
    HELD_OUT,
    NETWORK,
    TRAIN,
    assert_same_member,
    make_log_rows,
    member,
    plan,
    trained,
)
from volcast.models.engine import training
from volcast.models.engine.member_groups import Group
from volcast.models.engine.optimization import Clipping, Optimization
from volcast.models.engine.schedules import Schedule

CLIPPED = Optimization(clipping=Clipping("global_norm", 0.2))

EXPLODING = 1e38  # a rate whose first step leaves the numbers that float32 can hold

BOOTSTRAP = np.random.default_rng(1).choice(TRAIN, len(TRAIN))

VARIED = [
    member(0),
    member(1, learning_rate=0.05),
    member(2, weight_decay=0.5),
    member(3, training=BOOTSTRAP),
    member(4, training=TRAIN[:45], validation=TRAIN[50:70]),  # an earlier fold: fewer steps
    member(5, batch_size=8),
    member(6, training=TRAIN[3:], validation=HELD_OUT[::2]),
]


@pytest.mark.parametrize(
    ("optimization", "dropout"),
    [
        pytest.param(Optimization("momentum", l2=0.01), 0.0, marks=pytest.mark.slow),
        pytest.param(CLIPPED, 0.3, marks=pytest.mark.slow),
        pytest.param(CLIPPED, 0.0, marks=pytest.mark.slow),
        pytest.param(Optimization("momentum", l2=0.01), 0.3, marks=pytest.mark.slow),
        (Optimization("sgd"), 0.0),
        pytest.param(Optimization("sgd"), 0.3, marks=pytest.mark.slow),
    ],
)
def test_a_member_in_a_stack_is_the_member_trained_alone(optimization, dropout):
    given = plan(4, dropout, optimization=optimization)
    together = trained(VARIED, given)
    for at, one in enumerate(VARIED):
        assert_same_member(together, at, trained([one], given), 0, exactly=False)
        assert_same_member(together, at, trained([one, member(99)], given), 0)


@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_the_place_and_the_size_of_the_stack_do_not_change_a_bit(dropout):
    given = plan(3, dropout)
    few = trained([member(seed) for seed in range(2)], given)
    many = trained([member(seed) for seed in reversed(range(37))], given)
    for seed in range(2):
        assert_same_member(few, seed, many, 36 - seed)


def test_settings_make_members_differ():
    run = trained([*VARIED[:4], member(0, learning_rate=0.05), member(1)])
    first = run.weights[0]
    assert len({first[at].tobytes() for at in range(len(first))}) == len(first)


def test_members_of_one_seed_are_twins_and_other_seeds_drop_otherwise():
    run = trained([member(0), member(0), member(1)], plan(2, dropout=0.4))
    np.testing.assert_array_equal(run.weights[2][0], run.weights[2][1])
    start = [np.repeat(x[:1], 3, axis=0) for x in run.weights]
    same_start = trained([member(s) for s in range(3)], plan(1, dropout=0.4), start=start)
    plain = trained([member(s) for s in range(3)], plan(1), start=start)
    assert np.abs(same_start.train_loss[1] - plain.train_loss[1]).min() > 1e-4


def test_dropout_drops_in_training_only():
    start = [np.full((2, *shape), 0.3, np.float32) for shape in NETWORK.shapes()]
    still = [member(seed, learning_rate=1e-30) for seed in range(2)]
    dropped = trained(still, plan(2, dropout=0.5), start=start)
    plain = trained(still, plan(2), start=start)
    np.testing.assert_allclose(dropped.val_loss, plain.val_loss, rtol=1e-6)
    assert (dropped.train_loss[1] != dropped.train_loss[2]).all()
    assert (np.abs(dropped.train_loss[1:] / plain.train_loss[1:] - 1.0) > 1e-3).all()


def test_training_may_start_from_given_weights():
    first = trained([member(0), member(1)], plan(6))
    again = trained([member(0), member(1)], plan(1), start=first.weights)
    best = first.val_loss[first.best_epoch[:, 0], [0, 1]]
    np.testing.assert_allclose(again.val_loss[0], best, rtol=1e-6)


def test_a_member_that_diverges_is_frozen_and_reported_and_touches_nobody():
    healthy = trained([member(seed) for seed in range(3)], plan(4, optimization=CLIPPED))
    members = [member(0), member(1, learning_rate=EXPLODING), member(2)]
    sick = trained(members, plan(4, optimization=CLIPPED))
    assert sick.diverged.tolist() == [False, True, False] and sick.epochs_run[1] == 1
    assert not np.isfinite(sick.val_loss[1, 1]) and np.isnan(sick.val_loss[2:, 1]).all()
    assert all(np.isfinite(x[1]).all() for x in sick.weights) and sick.best_epoch[1] == 0
    for at in (0, 2):
        assert_same_member(sick, at, healthy, at)


def test_a_member_that_has_stopped_takes_no_part_any_more(monkeypatch):
    trained_by_epoch = []
    train_epoch = Group.train_epoch

    def record(group, rates):
        trained_by_epoch.append(
            (len(group.active_members), {t.number for t in group.active_members})
        )
        return train_epoch(group, rates)

    monkeypatch.setattr(Group, "train_epoch", record)
    rates = [EXPLODING] * 4 + [1e-3] * 4
    run = trained([member(s, learning_rate=r) for s, r in enumerate(rates)], plan(3))
    assert run.diverged.tolist() == [True] * 4 + [False] * 4
    assert sorted(trained_by_epoch[:2], key=lambda g: min(g[1]))[0] == (4, {0, 1, 2, 3})
    assert trained_by_epoch[2:] == [(4, {4, 5, 6, 7})] * 2


def test_the_smallest_training_has_one_row():
    run = trained([member(training=[0], validation=[0])], plan(2), rows=make_log_rows(1))
    assert np.isfinite(run.train_loss).all()


def test_the_curves_hold_the_rate_of_each_epochs_last_step():
    given = plan(4, schedule=Schedule("exponential", final=0.5))
    run = trained([member(0), member(1, learning_rate=1e-3)], given)
    expected = 0.5 ** ((3 * np.arange(1, 5) - 1) / 12)
    np.testing.assert_allclose(run.learning_rate[1:, 0], 1e-2 * expected)
    np.testing.assert_allclose(run.learning_rate[1:, 1], 1e-3 * expected)
    assert training.TrainingPlan(NETWORK).schedule == Schedule()
