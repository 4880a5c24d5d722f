"""Small networks, rows and trainings for the tests of the engine."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from volcast.models.engine.member_groups import Member
from volcast.models.engine.optimization import Optimization
from volcast.models.engine.rows import Rows
from volcast.models.engine.stacked_network import Architecture
from volcast.models.engine.training import TrainingPlan, train

FEATURES, UNITS, BATCH = 3, 4, 32
TRAIN, HELD_OUT = np.arange(70), np.arange(70, 110)  # two batches, and 6 rows
NETWORK = Architecture(FEATURES, 1, (UNITS,), "swish")


def make_log_rows(count: int = 110, seed: int = 0) -> Rows:
    rng = np.random.default_rng(seed)
    inputs = rng.normal(size=(count, FEATURES)).astype(np.float32)
    signal = 0.5 * inputs[:, :1] + 0.3 * inputs[:, 1:2] ** 2
    target = (signal + 0.5 * rng.normal(size=(count, 1))).astype(np.float32)
    return Rows.copy(inputs, np.full((count, 1), 0.1, np.float32), target)


ROWS = make_log_rows()


def member(seed: int = 5, **settings) -> Member:
    defaults = {"training": TRAIN, "validation": HELD_OUT, "learning_rate": 1e-2}
    return Member(seed, **{**defaults, "batch_size": BATCH, **settings})


def plan(epochs: int = 5, dropout: float = 0.0, **settings) -> TrainingPlan:
    """Return a plan that stops nobody early."""
    optimization = settings.pop("optimization", Optimization())
    network = replace(NETWORK, dropout=dropout)
    return TrainingPlan(network, optimization, epochs=epochs, **{"patience": epochs, **settings})


def trained(members, given=None, rows=ROWS, **options):
    return train(rows, members, given or plan(), **options)


def assert_same_member(one, at, two, other, *, exactly=True):
    """Check that two trainings led a member to the same weights along the same curves."""
    close = {"rtol": 0, "atol": 0} if exactly else {"rtol": 2e-6, "atol": 2e-6}
    for mine, theirs in zip(one.weights, two.weights, strict=True):
        np.testing.assert_allclose(mine[at], theirs[other], **close)
    for curve in ("train_loss", "val_loss", "learning_rate"):
        epochs = one.epochs_run[at] + 1
        mine, theirs = (getattr(run, curve)[:epochs] for run in (one, two))
        np.testing.assert_allclose(mine[:, at], theirs[:, other], **close)
    assert (one.best_epoch[at] == two.best_epoch[other]).all()
    assert one.epochs_run[at] == two.epochs_run[other]
