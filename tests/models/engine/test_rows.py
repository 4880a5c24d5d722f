"""Rows of a training: NumPy fills the memory that TensorFlow reads."""

import pickle

import numpy as np
import pytest

from tests.models.engine.samples import ROWS, member, plan, trained
from volcast.models.engine.epoch_data import Table
from volcast.models.engine.rows import ALIGNMENT, Rows, choose_table_length


def make_table(weight=None):
    return Rows.copy(ROWS.inputs, ROWS.anchor, ROWS.target, weight)


def test_rows_hold_what_was_copied_and_nothing_of_the_padding():
    weight = np.linspace(1.0, 2.0, len(ROWS), dtype=np.float32)
    rows = make_table(weight)
    assert len(rows) == len(ROWS) and rows.weight.tolist() == weight.tolist()
    for name in ("inputs", "anchor", "target"):
        np.testing.assert_array_equal(getattr(rows, name), getattr(ROWS, name))
    assert make_table().weight is None


def test_tensors_lie_in_the_memory_of_the_rows():
    rows = make_table(np.ones(len(ROWS), np.float32))
    table = rows.build_table()
    rows.inputs[0, 0], rows.weight[1] = 7.0, 9.0  # never done by a training
    assert table.inputs.numpy()[0, 0] == 7.0 and table.weight.numpy()[1] == 9.0


def test_tensors_keep_their_memory_after_the_rows():
    rows = make_table()
    table, wanted = rows.build_table(), rows.inputs.copy()
    del rows
    others = [np.full((choose_table_length(1), 3), 5.0, np.float32) for _ in range(20)]
    np.testing.assert_array_equal(table.inputs.numpy()[: len(wanted)], wanted)
    assert len(others) == 20


def test_padding_is_zero():
    table = make_table().build_table()
    assert table.inputs.shape[0] == choose_table_length(len(ROWS))
    for column in table[:3]:
        assert not column.numpy()[len(ROWS) :].any()


@pytest.mark.parametrize("offset", [4, 16, 60])
def test_rows_at_an_address_that_tensorflow_cannot_share_are_copied(offset):
    def move(array):
        memory = np.zeros(array.nbytes + 2 * ALIGNMENT, np.uint8)
        start = -memory.ctypes.data % ALIGNMENT + offset
        moved = memory[start : start + array.nbytes].view(np.float32).reshape(array.shape)
        moved[:] = array
        return moved

    rows = make_table()
    moved = Rows(Table(*map(move, rows.padded[:3])), len(rows))
    found = trained([member()], plan(2), moved).weights
    wanted = trained([member()], plan(2), rows).weights
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(one, other)


def test_rows_survive_another_process():
    rows = make_table()
    received = pickle.loads(pickle.dumps(rows))
    np.testing.assert_array_equal(received.inputs, rows.inputs)
    assert received.build_table().inputs.shape == rows.build_table().inputs.shape
