import numpy as np

from volcast.models.engine.member_groups import ActiveMember, Member
from volcast.models.regressor.training_plan import compute_row_keys

X = np.random.default_rng(0).normal(size=(200, 5)).astype(np.float32)


def orders(rows, epochs=3, seed=1):
    """Return the content of the rows in the order of each epoch."""
    member = Member(
        seed, np.arange(len(rows)), np.arange(0), row_keys=compute_row_keys(rows, np.arange(0))
    )
    active = ActiveMember(0, member, np.zeros(1, np.float32))
    return [rows[active.draw_order()] for _ in range(epochs)]


def test_a_row_less_leaves_the_others_in_their_order():
    for whole, without in zip(orders(X), orders(np.delete(X, 77, axis=0)), strict=True):
        np.testing.assert_array_equal(whole[(whole != X[77]).any(axis=1)], without)


def test_every_epoch_and_every_seed_has_its_own_order_of_all_rows():
    found = [*orders(X), *orders(X, seed=2)]
    assert len({order.tobytes() for order in found}) == 6
    for order in found:
        np.testing.assert_array_equal(np.sort(order, axis=0), np.sort(X, axis=0))


def test_the_place_of_a_row_is_uniform_over_epochs():
    places = [np.flatnonzero((order == X[3]).all(axis=1))[0] for order in orders(X, epochs=400)]
    quarters = np.bincount(np.array(places) // 50, minlength=4)
    assert quarters.min() > 70
