"""Early stopping, member by member, worked by hand."""

import numpy as np

from models.stopping import EarlyStopping


def test_each_member_keeps_the_weights_of_its_lowest_loss():
    stopping = EarlyStopping(2, np.array([5.0, 5.0, 5.0]), [np.array([0.0, 0.0, 0.0])])
    curves = [[4.0, 6.0, np.nan], [3.0, 7.0, 1.0], [3.5, 1.0, 1.0], [3.0, 1.0, 1.0]]
    for epoch, losses in enumerate(curves, start=1):
        stopping.update(np.array(losses), [np.full(3, float(epoch))])
    assert stopping.best_epoch.tolist() == [2, 0, 0]  # a tie is not better; too late; NaN ends it
    assert stopping.epochs_run.tolist() == [4, 2, 1]
    assert stopping.best_loss.tolist() == [3.0, 5.0, 5.0]
    assert stopping.best_weights[0].tolist() == [2.0, 0.0, 0.0]
    assert not stopping.active.any()


def test_the_weights_kept_are_copies():
    weights = [np.array([1.0])]
    stopping = EarlyStopping(2, np.array([5.0]), weights)
    weights[0][0] = 9.0
    assert stopping.best_weights[0].tolist() == [1.0]
    stopping.update(np.array([4.0]), weights)
    weights[0][0] = 8.0
    assert stopping.best_weights[0].tolist() == [9.0]
