"""Training: shuffled mini-batches, one step each, until the epochs or the patience end."""

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
    """How to train.

    Attributes
    ----------
    loss, rule
        What to minimise, and by which steps.
    epochs : int
        Passes over the rows, at most.
    batch_size : int or None
        Rows a step; None takes all of them (batch descent), 1 is stochastic descent.
    clipping : Clipping or None
        Bound on each step's gradient.
    patience : int or None
        Epochs without a better validation loss after which training stops.
    seed : int
        Of the shuffling.
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
    """The network of the best epoch, and how training went.

    `networks` holds the network of every epoch, the untrained one first. `history` has a row for
    each of them: `epoch, train_loss, val_loss`, measured after the epoch; the validation loss is
    NaN where no rows were held out, and then the last epoch counts as the best.
    """

    network: Network
    best_epoch: int
    networks: list[Network]
    history: pd.DataFrame


def train(
    network: Network, rows: Rows, settings: TrainingSettings, *, validation: Rows | None = None
) -> TrainingResult:
    """Train until the epochs or the patience end; return the weights of the best epoch.

    Raises ``ValueError`` for a patience without validation rows.
    """
    if settings.patience is not None and validation is None:
        raise ValueError(f"patience={settings.patience} needs validation rows; give some")
    networks, records, best = [network], [_measured(network, rows, validation, settings.loss)], 0
    steps = iterate_steps(network, rows, settings)
    steps_an_epoch = -(-len(rows[0]) // (settings.batch_size or len(rows[0])))
    for epoch in range(1, settings.epochs + 1):
        *_, network = islice(steps, steps_an_epoch)
        networks.append(network)
        records.append(_measured(network, rows, validation, settings.loss))
        if validation is None or records[epoch][1] < records[best][1]:
            best = epoch
        if settings.patience is not None and epoch - best >= settings.patience:
            break
    history = pd.DataFrame(records, columns=["train_loss", "val_loss"])
    history.insert(0, "epoch", range(len(history)))
    return TrainingResult(networks[best], best, networks, history)


def iterate_steps(network: Network, rows: Rows, settings: TrainingSettings) -> Iterator[Network]:
    """Yield the network after each step of `settings.epochs` epochs, newly shuffled each."""
    inputs, truth = rows
    descent, rng = Optimizer(settings.rule), np.random.default_rng(settings.seed)
    size = settings.batch_size or len(inputs)
    for _ in range(settings.epochs):
        order = rng.permutation(len(inputs))
        for start in range(0, len(order), size):
            taken = order[start : start + size]
            _, gradients = loss_and_gradients(network, inputs[taken], truth[taken], settings.loss)
            if settings.clipping is not None:
                gradients = settings.clipping.clip(gradients)
            network = network.with_parameters(descent.step(network.parameters, gradients))
            yield network


def _measured(
    network: Network, rows: Rows, validation: Rows | None, loss: Loss
) -> tuple[float, float]:
    """Return the loss over the training and over the validation rows."""
    train_loss = loss.value(rows[1], network.predict(rows[0]))
    if validation is None:
        return train_loss, np.nan
    return train_loss, loss.value(validation[1], network.predict(validation[0]))
