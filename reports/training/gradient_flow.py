"""The numbers of a gradient flow, and its verdict: healthy, vanishing, exploding or dead units."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

HEALTHY = "healthy"
VANISHING = "vanishing gradients"
EXPLODING = "exploding gradients"
DEAD = "dead units"

VANISHED = 0.05  # of the last hidden layer's gradient; below it the first one hardly learns
EXPLODED = 200.0  # times the norm of the first step; healthy runs stay below 30
DEAD_SHARE = 0.5  # of a layer's units; deep, narrow ReLU layers begin with a third
SATURATED_SHARE = 0.5  # of a layer's activations
CONFIGURED, CURE = "configured", "relu, he"

Tables = dict[str, pd.DataFrame]


@dataclass(frozen=True)
class Flow:
    """The numbers of one network, medians over members and over the epochs after the first.

    `first_to_last` is 1 without hidden layers; `peak` is the largest norm of a step over
    that of the first one, and `infinite` the share of steps without a finite gradient,
    both over everything; shares of dead and saturated units are those of the worst hidden layer
    in the last epoch. `val_loss` is the lowest median of an epoch.
    """

    first_to_last: float
    peak: float
    infinite: float
    dead: float
    dead_layer: int
    saturated: float
    update_low: float
    update_high: float
    clipped: float
    kept: float
    gradient_norm: float
    val_loss: float

    @property
    def verdict(self) -> str:
        """Return the first verdict whose rule holds, the most serious first."""
        if self.infinite > 0 or self.peak > EXPLODED:
            return EXPLODING
        if self.dead > DEAD_SHARE or self.saturated > SATURATED_SHARE:
            return DEAD
        return VANISHING if self.first_to_last < VANISHED else HEALTHY


def summarise_flow(tables: Tables, network: str = CONFIGURED) -> Flow:
    """Return the numbers of one network of `measure_gradient_flow` in `volcast.models.diagnose`."""
    epochs, layers = (select_network(tables[name], network) for name in ("epochs", "layers"))
    later, hidden = later_epochs(epochs), layers[layers["place"] == "hidden"]
    last = hidden[hidden["epoch"] == hidden["epoch"].max()].groupby("layer")
    dead, saturated = last["dead_share"].median(), last["saturated_share"].median()
    updates = later_epochs(layers).groupby("layer")["update_share"].median()
    start = epochs.loc[epochs["epoch"] == 1, "gradient_start"].median()
    return Flow(
        first_to_last=later["first_to_last"].median(),
        peak=epochs["gradient_peak"].max() / start if start > 0 else np.nan,
        infinite=1.0 - epochs["finite_share"].mean(),
        dead=dead.max(),
        dead_layer=int(dead.idxmax()) if dead.notna().any() else 0,
        saturated=saturated.max(),
        update_low=updates.min(),
        update_high=updates.max(),
        clipped=epochs["clipped_share"].mean(),
        kept=_kept(epochs),
        gradient_norm=later["gradient_norm"].median(),
        val_loss=epochs.groupby("epoch")["val_loss"].median().min(),
    )


def select_network(table: pd.DataFrame, network: str) -> pd.DataFrame:
    """Return the rows of one network."""
    return table[table["network"] == network]


def later_epochs(table: pd.DataFrame) -> pd.DataFrame:
    """Return the epochs after the first one, or the first if there is no other."""
    left_out = min(1, int(table["epoch"].max()) - 1)
    return table[table["epoch"] > left_out]


def _kept(epochs: pd.DataFrame) -> float:
    """Return the mean share of the norm that clipping left, over the steps that it changed."""
    steps = epochs["clipped_share"].sum()
    kept = (epochs["kept_share"] * epochs["clipped_share"]).sum()
    return float(kept / steps) if steps else np.nan
