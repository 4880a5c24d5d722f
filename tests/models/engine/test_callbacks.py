"""Keras's own callbacks hear of every epoch of a stack."""

import numpy as np
import pandas as pd

from tests.models.engine.samples import HELD_OUT, ROWS, member, plan, trained
from volcast.models.backend import keras
from volcast.models.engine.stacked_network import compute_outputs

EXPLODING = 1e38


def test_the_csv_logger_writes_a_row_an_epoch_with_columns_a_member(tmp_path):
    path = tmp_path / "log.csv"
    members = [member(0), member(1, learning_rate=EXPLODING), member(2)]
    run = trained(members, plan(3), callbacks=[keras.callbacks.CSVLogger(path)])
    log = pd.read_csv(path)
    assert log["epoch"].tolist() == [0, 1, 2]
    for name, curve in (("loss", run.train_loss), ("val_loss", run.val_loss)):
        for at in range(3):
            np.testing.assert_allclose(log[f"{name}_{at}"], curve[1:, at])
    np.testing.assert_allclose(log["val_loss"][1:], np.median(run.val_loss[2:, [0, 2]], axis=1))
    assert log["learning_rate_2"].tolist() == [1e-2] * 3


def test_tensorboard_writes_its_events(tmp_path):
    trained([member(0), member(1)], plan(2), callbacks=[keras.callbacks.TensorBoard(tmp_path)])
    files = [path.relative_to(tmp_path).parts[0] for path in tmp_path.rglob("events*")]
    assert sorted(set(files)) == ["train", "validation"]


class Own(keras.callbacks.Callback):
    """Keeps what it hears; stops after the second epoch."""

    def __init__(self):
        super().__init__()
        self.heard = []

    def on_train_begin(self, logs=None):
        self.heard.append("begin")

    def on_epoch_end(self, epoch, logs=None):
        correction = compute_outputs(self.model, ROWS.inputs[HELD_OUT])
        error = ROWS.target[HELD_OUT] - ROWS.anchor[HELD_OUT] - correction
        losses = (np.exp(error) - error - 1.0).mean(axis=(1, 2))
        told = [logs[f"val_loss_{at}"] for at in range(len(losses))]
        np.testing.assert_allclose(losses, told, rtol=1e-5)
        self.heard.append(epoch)
        self.model.stop_training = epoch == 1

    def on_train_end(self, logs=None):
        self.heard.append("end")


def test_an_own_callback_sees_the_weights_and_may_stop_the_training():
    own = Own()
    run = trained([member(0), member(1)], plan(9), callbacks=[own])
    assert own.heard == ["begin", 0, 1, "end"]
    assert run.epochs_run.tolist() == [2, 2]


def test_callbacks_change_nothing():
    silent = trained([member(0), member(1)], plan(3))
    heard = trained([member(0), member(1)], plan(3), callbacks=[keras.callbacks.History()])
    for one, two in zip(silent.weights, heard.weights, strict=True):
        np.testing.assert_array_equal(one, two)
