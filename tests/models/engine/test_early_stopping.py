"""Early stopping, member by member, worked by hand."""

import numpy as np

from volcast.models.engine.early_stopping import EarlyStopping


def test_each_member_keeps_the_weights_of_its_lowest_loss():
    stopping = EarlyStopping(2, np.full((3, 1), 5.0), np.zeros((3, 1), np.float32))
    curves = [[4.0, 6.0, np.nan], [3.0, 7.0, 1.0], [3.5, 1.0, 1.0], [3.0, 1.0, 1.0]]
    for epoch, losses in enumerate(curves, start=1):
        stopping.update(np.zeros(3), np.array(losses)[:, None], np.full((3, 1), float(epoch)))
    assert stopping.best_epoch[:, 0].tolist() == [
        2,
        0,
        0,
    ]  # a tie; too late; NaN ends it
    assert stopping.epochs_run.tolist() == [4, 2, 1]
    assert stopping.best_loss[:, 0].tolist() == [3.0, 5.0, 5.0]
    assert stopping.best_weights[:, 0, 0].tolist() == [2.0, 0.0, 0.0]
    assert stopping.diverged.tolist() == [False, False, True]
    assert not stopping.active.any()


def test_each_output_keeps_the_weights_of_its_own_best_epoch():
    stopping = EarlyStopping(2, np.array([[5.0, 5.0]]), np.zeros((1, 1), np.float32))
    curves = [[4.0, 6.0], [3.0, 7.0], [3.5, 1.0], [3.5, 9.0]]
    for epoch, losses in enumerate(curves, start=1):
        assert stopping.active.all()
        stopping.update(np.zeros(1), np.array([losses]), np.full((1, 1), float(epoch)))
    assert stopping.best_epoch.tolist() == [[2, 0]]  # the second was settled before its 1.0
    assert stopping.best_weights[0, :, 0].tolist() == [2.0, 0.0]
    assert stopping.epochs_run.tolist() == [4]
    assert not stopping.active.any()


def test_an_infinite_train_loss_is_a_divergence_too():
    stopping = EarlyStopping(9, np.full((2, 1), 5.0), np.zeros((2, 1), np.float32))
    stopping.update(np.array([np.inf, 1.0]), np.ones((2, 1)), np.ones((2, 1)))
    assert stopping.diverged.tolist() == [True, False] == (~stopping.active).tolist()
    assert stopping.best_weights[:, 0, 0].tolist() == [0.0, 1.0]


def test_the_weights_kept_are_copies():
    weights = np.array([[1.0]], np.float32)
    stopping = EarlyStopping(2, np.array([[5.0]]), weights)
    weights[0] = 9.0
    assert stopping.best_weights[0, 0] == 1.0
    stopping.update(np.array([4.0]), np.array([[4.0]]), weights)
    weights[0] = 8.0
    assert stopping.best_weights[0, 0] == 9.0
