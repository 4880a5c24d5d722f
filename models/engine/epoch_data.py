"""What the program of an epoch takes and returns."""

from __future__ import annotations

from typing import Any, NamedTuple


class Table(NamedTuple):
    """The rows as float32 tensors: `inputs` (n, F), `anchor` and `target` (n, H), `weight` (n,).

    Without weights, `weight` is None, and the program contains nothing of them.
    """

    inputs: Any
    anchor: Any
    target: Any
    weight: Any = None


class RowSelection(NamedTuple):
    """Row numbers of each member, (width, n) of int32, of which the first `count` are valid."""

    rows: Any
    count: Any


class Block(NamedTuple):
    """Some rows of each member: `truth`, `anchor` and `correction` are (width, rows, H).

    The last batch may be shorter: `valid` and `weight`, (width, rows), are 0 beyond its rows.
    """

    truth: Any
    anchor: Any
    correction: Any
    valid: Any
    weight: Any


class Evaluation(NamedTuple):
    """The mean `loss` of some rows, and their smallest and largest correction, `low` and `high`.

    Each is (width, H), measured without training.
    """

    loss: Any
    low: Any
    high: Any


class EpochSettings(NamedTuple):
    """Learning rate (width, steps), weight decay and dropout seed (width,), and steps so far."""

    rate: Any
    decay: Any
    seed: Any
    done: Any
