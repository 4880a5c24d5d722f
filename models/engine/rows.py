"""The rows of a training, laid out once: what NumPy fills is the memory that TensorFlow reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from volcast.models.backend import tf
from volcast.models.engine.epoch_data import Table

SMALLEST_TABLE = 16_384  # rows; padding costs only memory, compiling costs a second
LARGE_TABLE = 2**18  # rows, from which on a training takes so long that memory counts more
ALIGNMENT = 64  # bytes, what TensorFlow requires of memory that it shares

Float32 = NDArray[np.float32]


@dataclass(frozen=True)
class Rows:
    """Rows of the log-variance problem, float32.

    Attributes
    ----------
    padded
        Arrays of `choose_table_length` rows, of which the first `count` are used.
    count
        n.
    """

    padded: Table
    count: int

    @classmethod
    def allocate(cls, count: int, inputs: int, outputs: int, *, weighted: bool = False) -> Self:
        """Return `count` rows of zeros with so many inputs and outputs, to be filled in place."""
        length = choose_table_length(count)
        anchor, target = _allocate(length, outputs), _allocate(length, outputs)
        weight = _allocate(length) if weighted else None
        return cls(Table(_allocate(length, inputs), anchor, target, weight), count)

    @classmethod
    def copy(
        cls, inputs: Float32, anchor: Float32, target: Float32, weight: Float32 | None = None
    ) -> Self:
        """Return rows with these values."""
        weighted = weight is not None
        rows = cls.allocate(len(inputs), inputs.shape[1], target.shape[1], weighted=weighted)
        rows.inputs[:], rows.anchor[:], rows.target[:] = inputs, anchor, target
        if rows.weight is not None:
            rows.weight[:] = weight
        return rows

    def __len__(self) -> int:
        """Return n."""
        return self.count

    @property
    def inputs(self) -> Float32:
        """Standardised inputs, (n, F)."""
        return np.asarray(self.padded.inputs[: self.count])

    @property
    def anchor(self) -> Float32:
        """Logs of the anchor's forecast, (n, H)."""
        return np.asarray(self.padded.anchor[: self.count])

    @property
    def target(self) -> Float32:
        """Logs of the realised variance, (n, H)."""
        return np.asarray(self.padded.target[: self.count])

    @property
    def weight(self) -> Float32 | None:
        """Factors of the losses, (n,), or None.

        As in Keras, losses are divided by the number of rows, not by the sum of their weights.
        """
        return None if self.padded.weight is None else self.padded.weight[: self.count]

    def build_table(self) -> Table:
        """Return the rows as tensors in the same memory, at a length that programs share.

        The rows must not change any more.
        """
        return Table(*(None if array is None else _share(array) for array in self.padded))


def choose_table_length(rows: int) -> int:
    """Return the length that a table of so many rows is padded to.

    It is a power of 2, and of a large table a multiple of an eighth of one.

    Examples
    --------
    >>> choose_table_length(10), choose_table_length(20_000), choose_table_length(1_250_000)
    (16384, 32768, 1310720)
    """
    above = max(SMALLEST_TABLE, round_up_to_power_of_two(rows))
    part = above // 16 if rows > LARGE_TABLE else above
    return -(-max(rows, SMALLEST_TABLE) // part) * part


def round_up_to_power_of_two(count: int) -> int:
    """Return the smallest power of 2 that is not below `count`."""
    return 1 << (count - 1).bit_length()


def _allocate(*shape: int) -> Float32:
    """Return zeros at an address that TensorFlow can use."""
    size = int(np.prod(shape)) * np.dtype(np.float32).itemsize
    memory = np.zeros(size + ALIGNMENT, np.uint8)
    start = -memory.ctypes.data % ALIGNMENT
    return memory[start : start + size].view(np.float32).reshape(shape)


def _share(array: Float32) -> Any:
    """Return a tensor in the memory of `array`, or on a GPU, or of an unaligned array, a copy."""
    if array.ctypes.data % ALIGNMENT:
        return tf.constant(array)
    return tf.identity(tf.experimental.dlpack.from_dlpack(array.__dlpack__()))
