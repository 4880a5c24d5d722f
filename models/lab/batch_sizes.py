"""Batch, mini-batch and stochastic gradient descent, and the convergence of batch sizes."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pandas as pd

from volcast.models.backprop._typing import Float
from volcast.models.backprop.activations import IDENTITY, TANH
from volcast.models.backprop.losses import MSE
from volcast.models.backprop.network import Layer, Network, initialise_network
from volcast.models.backprop.optimizers import GradientDescent
from volcast.models.backprop.training import TrainingSettings, iterate_steps, train
from volcast.models.lab.objective_functions import build_grid

ROWS, NOISE = 512, 0.8
SLOPE, INTERCEPT = 1.5, 0.5
START = (-1.0, 2.0)
RATE = 0.05
PATH_STEPS = 60  # of each method, drawn on one contour plot
WAYS = {"batch": None, "mini-batch": 32, "stochastic": 1}
W_RANGE, B_RANGE, LINES = (-1.5, 3.0), (-1.0, 2.8), 41

SIZES, EPOCHS, SEEDS, CURVE_RATE = (16, 64, 256), 40, 5, 0.1
HIDDEN, TARGET_SHARE = 8, 1.1  # the level to reach: this many times the noise's own


def draw_line_rows() -> tuple[Float, Float]:
    """Return noisy rows of a straight line: inputs (n, 1) and truth (n, 1)."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(ROWS, 1))
    return x, SLOPE * x + INTERCEPT + NOISE * rng.normal(size=(ROWS, 1))


def build_line(weight: float = START[0], bias: float = START[1]) -> Network:
    """Return the network of one weight and one bias, a straight line."""
    return Network((Layer(np.array([[weight]]), np.array([bias]), IDENTITY),))


def draw_curve_rows() -> tuple[Float, Float]:
    """Return noisy rows of a sine curve: inputs (n, 1) and truth (n, 1)."""
    rng = np.random.default_rng(1)
    x = rng.uniform(-2.0, 2.0, (ROWS, 1))
    return x, np.sin(2.0 * x) + NOISE / 4.0 * rng.normal(size=(ROWS, 1))


def build_curve_network(seed: int = 0) -> Network:
    """Return the untrained 1-8-1 network."""
    return initialise_network((1, HIDDEN, 1), (TANH, IDENTITY), np.random.default_rng(seed))


def build_tables() -> dict[str, pd.DataFrame]:
    """Return `surface` and `paths` of the straight line, `curves` and `sizes` of the network.

    `paths` has rows `way, batch_size, step, x (weight), y (bias), value` (the loss over all rows);
    `curves` rows `batch_size, seed, epoch, steps, train_loss`; `sizes` a row per batch size: steps
    per epoch, and the loss after the last epoch, median and range over the seeds.
    """
    curves = _build_curves()
    return {
        "surface": _build_surface(),
        "paths": _build_paths(),
        "curves": curves,
        "sizes": _build_sizes(curves),
    }


def _build_surface() -> pd.DataFrame:
    x, truth = draw_line_rows()
    points = build_grid(W_RANGE, B_RANGE, LINES)
    losses = [MSE.value(truth, build_line(*point).predict(x)) for point in points]
    return pd.DataFrame({"x": points[:, 0], "y": points[:, 1], "value": losses})


def _build_paths() -> pd.DataFrame:
    rows = draw_line_rows()
    records = []
    for way, size in WAYS.items():
        settings = TrainingSettings(MSE, GradientDescent(RATE), epochs=PATH_STEPS, batch_size=size)
        networks = [build_line(), *islice(iterate_steps(build_line(), rows, settings), PATH_STEPS)]
        records += [
            {
                "way": way,
                "batch_size": size or ROWS,
                "step": step,
                "x": each.parameters[0].item(),
                "y": each.parameters[1].item(),
                "value": MSE.value(rows[1], each.predict(rows[0])),
            }
            for step, each in enumerate(networks)
        ]
    return pd.DataFrame(records)


def _build_curves() -> pd.DataFrame:
    parts = []
    for size in SIZES:
        for seed in range(SEEDS):
            settings = TrainingSettings(
                MSE, GradientDescent(CURVE_RATE), EPOCHS, batch_size=size, seed=seed
            )
            history = train(build_curve_network(seed), draw_curve_rows(), settings).history
            steps = history["epoch"] * -(-ROWS // size)
            parts.append(history.assign(batch_size=size, seed=seed, steps=steps))
    return pd.concat(parts, ignore_index=True).drop(columns="val_loss")


def _build_sizes(curves: pd.DataFrame) -> pd.DataFrame:
    last = curves[curves["epoch"] == EPOCHS].groupby("batch_size")
    table = last["train_loss"].agg(["median", "min", "max"]).reset_index()
    return table.assign(steps_an_epoch=-(-ROWS // table["batch_size"]), epochs=EPOCHS)
