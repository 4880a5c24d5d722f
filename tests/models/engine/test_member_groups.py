"""Groups of members: their number, their order of rows and their steps."""

import numpy as np
import pytest

from tests.models.engine.samples import (
    TRAIN,
    member,
    plan,
    trained,
)
from volcast.models.engine.epoch_program import Evaluation
from volcast.models.engine.member_groups import ActiveMember, Group, choose_widths, pack_groups
from volcast.models.engine.optimization import Optimization


def test_groups_are_as_few_as_there_can_be_and_batch_shapes_take_turns():
    members = [member(s, batch_size=(8, 32)[s % 2]) for s in range(12)]
    active_members = [
        ActiveMember(at, one, np.zeros(1, np.float32)) for at, one in enumerate(members)
    ]
    widths = choose_widths(members)
    numbers = [[t.number for t in group] for group in pack_groups(active_members, widths)]
    assert numbers == [[0, 2, 4, 6], [1, 3, 5, 7], [8, 10], [9, 11]]
    survivors = [t for t in active_members if t.number in (0, 3, 8, 10)]
    assert [[t.number for t in group] for group in pack_groups(survivors, widths)] == [
        [0, 8, 10],
        [3],
    ]


def test_every_row_is_seen_once_an_epoch_in_another_order_by_each_member(monkeypatch):
    orders = []
    monkeypatch.setattr(
        Group,
        "_run",
        lambda group, picks, *_: (
            orders.extend(picks) or (np.zeros((3, 2)), Evaluation(*3 * [np.zeros((2, 1))]))
        ),
    )
    trained([member(0), member(1)], plan(2))
    seen = [order for order in orders if len(order)]
    assert len(seen) == 4 and all(sorted(order) == list(TRAIN) for order in seen)
    assert len({tuple(order) for order in seen}) == 4


@pytest.mark.parametrize(("batch_size", "steps"), [(1, 70), (32, 3), (70, 1), (10**12, 1)])
def test_an_epoch_takes_as_many_steps_as_there_are_batches(batch_size, steps):
    one = member(batch_size=batch_size)
    assert one.batch_shape[1] == steps and one.batch_shape[0] <= 128
    run = trained([one], plan(1, optimization=Optimization("sgd")))
    assert np.isfinite(run.val_loss).all()
