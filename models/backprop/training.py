"""Training by mini-batches, with early stopping."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
import pandas as pd

from volcast.models.backprop._typing import Float
from volcast.models.backprop.clipping import Clipping
from volcast.models.backprop.losses import Loss
from volcast.models.backprop.network import Network, loss_and_gradients
from volcast.models.backprop.optimizers import Optimizer, UpdateRule

Rows = tuple[Float, Float]  # inputs (n, F) and truth (n, outputs)


@dataclass(frozen=True)
class TrainingSettings:
    """The settings of a training.

    Attributes
    ----------
    loss, rule
        The loss to minimise, and the update rule.
    epochs
        Maximum number of passes over the rows.
    batch_size
        Rows per step; None uses all of them (batch descent), 1 is stochastic descent.
    clipping
        Bound on the gradient of each step; None for none.
    patience
        Epochs without a better validation loss after which training stops; None for no stopping.
    seed
        Seed of the shuffling.
    """

    loss: Loss
    rule: UpdateRule
    epochs: int
    batch_size: int | None = None
    clipping: Clipping | None = None
    patience: int | None = None
    seed: int = 0


@dataclass(frozen=True)
class TrainingResult:
    """The network of the best epoch, and the course of the training.

    Attributes
    ----------
    network, best_epoch
        The network with the lowest validation loss, or of the last epoch without validation rows.
    networks
        The network after every epoch, the untrained one first.
    history
        A row for each of them: `epoch, train_loss, val_loss` (NaN without validation rows).
    """

    network: Network
    best_epoch: int
    networks: list[Network]
    history: pd.DataFrame


def train(
    network: Network, rows: Rows, settings: TrainingSettings, *, validation: Rows | None = None
) -> TrainingResult:
    """Train for the given epochs, or until the patience runs out; return the best network.

    Raises
    ------
    ValueError
        `patience` is given without validation rows.
    """
    if settings.patience is not None and validation is None:
        raise ValueError(f"patience={settings.patience} needs validation rows; pass `validation`")
    networks, records, best = (
        [network],
        [_measure_losses(network, rows, validation, settings.loss)],
        0,
    )
    steps = iterate_steps(network, rows, settings)
    steps_an_epoch = -(-len(rows[0]) // (settings.batch_size or len(rows[0])))
    for epoch in range(1, settings.epochs + 1):
        *_, network = islice(steps, steps_an_epoch)
        networks.append(network)
        records.append(_measure_losses(network, rows, validation, settings.loss))
        if validation is None or records[epoch][1] < records[best][1]:
            best = epoch
        if settings.patience is not None and epoch - best >= settings.patience:
            break
    history = pd.DataFrame(records, columns=["train_loss", "val_loss"])
    history.insert(0, "epoch", range(len(history)))
    return TrainingResult(networks[best], best, networks, history)


def iterate_steps(network: Network, rows: Rows, settings: TrainingSettings) -> Iterator[Network]:
    """Yield the network after each step; rows are shuffled before each epoch."""
    inputs, truth = rows
    optimizer, rng = Optimizer(settings.rule), np.random.default_rng(settings.seed)
    size = settings.batch_size or len(inputs)
    for _ in range(settings.epochs):
        order = rng.permutation(len(inputs))
        for start in range(0, len(order), size):
            batch = order[start : start + size]
            _, gradients = loss_and_gradients(network, inputs[batch], truth[batch], settings.loss)
            if settings.clipping is not None:
                gradients = settings.clipping.clip(gradients)
            network = network.with_parameters(optimizer.step(network.parameters, gradients))
            yield network


def _measure_losses(
    network: Network, rows: Rows, validation: Rows | None, loss: Loss
) -> tuple[float, float]:
    """Return the loss on the training rows and on the validation rows."""
    train_loss = loss.value(rows[1], network.predict(rows[0]))
    if validation is None:
        return train_loss, np.nan
    return train_loss, loss.value(validation[1], network.predict(validation[0]))
