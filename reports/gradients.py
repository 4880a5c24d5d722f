"""Words on the flow of gradients: healthy, vanishing, exploding or dead units, and what to do."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from reports.figures.gradients import by_epoch, clipping_by_epoch, gradient_by_layer
from reports.figures.render import figure_svg
from reports.finding import Finding
from reports.panels import Panel
from reports.presentation import Column, sentence_case, text_table

HEALTHY = "healthy"
VANISHING = "vanishing gradients"
EXPLODING = "exploding gradients"
DEAD = "dead units"

VANISHED = 0.05  # of the last hidden layer's gradient: below it the first one hardly learns
EXPLODED = 200.0  # times the norm of the first step; healthy trainings stay below 30
DEAD_SHARE = 0.5  # of a layer's units; deep, narrow ReLU layers begin with a third
SATURATED_SHARE = 0.5  # of a layer's activations
VISIBLE_SHARE = 0.01  # of dead or saturated units: below it there is no figure of them
OFTEN = 0.5  # of the steps clipped: then the bound sets the step, not the learning rate
CONFIGURED, CURE = "configured", "relu, he"

Tables = dict[str, pd.DataFrame]

LAYER_COLUMNS = [
    Column("network", "Network", sentence_case),
    Column("layer", "Layer", "d"),
    Column("place", "Kind", sentence_case),
    Column("gradient_norm", "Gradient norm", ".2e"),
    Column("gradient_rms", "A weight", ".2e"),
    Column("update_share", "Update / weights", ".3%"),
    Column("dead_share", "Dead units", ".1%"),
    Column("saturated_share", "Saturated", ".1%"),
    Column("clipped_share", "Steps clipped", ".1%"),
    Column("kept_share", "Norm left", ".1%"),
]
EPOCH_COLUMNS = [
    Column("network", "Network", sentence_case),
    Column("epoch", "Epoch", "d"),
    Column("train_loss", "Train loss", ".4f"),
    Column("val_loss", "Validation loss", ".4f"),
    Column("gradient_norm", "Gradient norm", ".2e"),
    Column("gradient_peak", "Largest", ".2e"),
    Column("first_to_last", "First / last layer", ".2g"),
    Column("clipped_share", "Steps clipped", ".1%"),
    Column("kept_share", "Norm left", ".1%"),
    Column("finite_share", "Finite steps", ".1%"),
]


@dataclass(frozen=True)
class Flow:
    """The numbers of one network, medians over members and over the epochs after the first.

    `first_to_last` is NaN without hidden layers; `peak` is the largest norm of a step over
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
        """Return the first name whose rule holds, the gravest first."""
        if self.infinite > 0 or self.peak > EXPLODED:
            return EXPLODING
        if self.dead > DEAD_SHARE or self.saturated > SATURATED_SHARE:
            return DEAD
        return VANISHING if self.first_to_last < VANISHED else HEALTHY


def flow(tables: Tables, network: str = CONFIGURED) -> Flow:
    """Return the numbers of one network of `models.diagnose.gradient_flow.measure`."""
    epochs, layers = (_of(tables[name], network) for name in ("epochs", "layers"))
    later, hidden = _later(epochs), layers[layers["place"] == "hidden"]
    last = hidden[hidden["epoch"] == hidden["epoch"].max()].groupby("layer")
    dead, saturated = last["dead_share"].median(), last["saturated_share"].median()
    updates = _later(layers).groupby("layer")["update_share"].median()
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


def gradient_flow_finding(tables: Tables) -> Finding:
    """Return the verdict on the configured network, in words, figures and tables.

    `tables` are those of `models.diagnose.gradient_flow.measure`.
    """
    own = flow(tables)
    cure = flow(tables, CURE) if CURE in set(tables["networks"]["network"]) else None
    network = _of(tables["networks"], CONFIGURED).iloc[0]
    columns = ["network", "layer", "place"]
    by_layer = _medians(_later(tables["layers"]), columns)
    return Finding(
        name="gradient-flow",
        title="Gradient flow",
        sentence=" ".join(
            [_what(own, network), _steps(own, network), _compared(own, cure)]
        ).strip(),
        advice=_advice(own, cure, network),
        panels=_panels(tables, by_layer, own),
        tables={
            "By layer": text_table(by_layer, LAYER_COLUMNS),
            "By epoch": text_table(_medians(tables["epochs"], ["network", "epoch"]), EPOCH_COLUMNS),
        },
        method=(
            f"{network['members']} members trained for {network['epochs']} epochs of "
            f"{network['steps']} steps each, without early stopping; every step was looked at. "
            "Figures are medians over members and steps. The last layer starts at zero, so that "
            "hidden gradients are zero at the very first step by design: layers are judged by the "
            "ratio of the first hidden layer's gradient to the last one's, per weight, after the "
            f"first epoch (vanishing below {VANISHED:g}). Exploding: a step without a finite "
            f"gradient, or of {EXPLODED:g} times the first step's. A dead unit gives the same "
            "for every row."
        ),
    )


def _what(own: Flow, network: pd.Series) -> str:
    kind = f"{network['layers'].count(' ') + 1} hidden layers of {network['activation']}"
    if not network["layers"]:
        kind = "no hidden layer"
    ratio = (
        f"the first hidden layer's gradient is {_times(own.first_to_last)} the last one's"
        if np.isfinite(own.first_to_last)
        else "no gradient reaches the hidden layers"
    )
    found = {
        EXPLODING: (
            f"{100 * own.infinite:.0f} % of the gradients are no finite numbers"
            if own.infinite > 0
            else f"the largest gradient is {_times(own.peak)} that of the first step"
        ),
        DEAD: (
            f"{100 * own.dead:.0f} % of the units of hidden layer {own.dead_layer} give the same "
            "for every row"
            if own.dead > DEAD_SHARE
            else f"{100 * own.saturated:.0f} % of the activations of a hidden layer are at a bound"
        ),
    }.get(own.verdict, ratio)
    return f"{sentence_case(own.verdict)}, with {kind}: {found}."


def _steps(own: Flow, network: pd.Series) -> str:
    if own.verdict == EXPLODING and own.infinite > 0:
        return ""
    if network["clipping"] == "none":
        clipping = "gradients are not clipped"
    elif own.clipped > 0:
        clipping = (
            f"clipping ({network['clipping']} at {network['clip_at']:g}) acts in "
            f"{100 * own.clipped:.1f} % of the steps and leaves {100 * own.kept:.0f} % of the "
            "norm there"
        )
    else:
        clipping = f"clipping ({network['clipping']} at {network['clip_at']:g}) never acts"
    low, high = f"{100 * own.update_low:.2g}", f"{100 * own.update_high:.2g}"
    return (
        f"A step moves a layer's weights by {low} to {high} % of their norm; {clipping}."
        f"{_dead(own)}"
    )


def _dead(own: Flow) -> str:
    if own.verdict == DEAD or not own.dead > VISIBLE_SHARE:
        return ""
    return f" {100 * own.dead:.0f} % of the units of hidden layer {own.dead_layer} are dead."


def _compared(own: Flow, cure: Flow | None) -> str:
    if cure is None or own.verdict == HEALTHY:
        return ""
    return (
        f"The same network with ReLU and He initialisation: {cure.verdict}, the first hidden "
        f"layer's gradient is {_times(cure.first_to_last)} the last one's, the best validation "
        f"loss {cure.val_loss:.4f} instead of {own.val_loss:.4f}."
    )


def _advice(own: Flow, cure: Flow | None, network: pd.Series) -> str:
    rate = f"{network['learning_rate']:g}"
    if own.verdict == EXPLODING:
        clip = "" if network["clipping"] != "none" else ', or clip (clipping = "global_norm")'
        return f"Lower learning_rate (now {rate}), by a factor of 10 to begin with{clip}."
    if own.verdict == DEAD:
        return (
            f"Lower learning_rate (now {rate}), by a factor of 10 to begin with: a unit that is "
            "dead or at its bound gets next to no gradient, and does not come back."
        )
    if own.verdict == VANISHING:
        if cure is not None and cure.verdict == HEALTHY:
            return 'Set activation = "relu" and initialisation = "he", or take fewer layers.'
        return "Take fewer hidden layers: ReLU with He initialisation is no cure here."
    if own.clipped > OFTEN:
        return (
            f"The bound of clipping sets the steps: raise clip_at (now {network['clip_at']:g}) to "
            f"the usual norm or above, {own.gradient_norm:.2g}, or lower learning_rate ({rate})."
        )
    return "Nothing to do: every layer learns."


def _panels(tables: Tables, by_layer: pd.DataFrame, own: Flow) -> list[Panel]:
    layers = _medians(_of(tables["layers"], CONFIGURED), ["epoch", "layer", "place"])
    hidden = layers[layers["place"] == "hidden"]
    epochs = _medians(_of(tables["epochs"], CONFIGURED), ["epoch"])

    def profile(axes: Axes) -> Axes:
        return gradient_by_layer(by_layer, axes)

    ratio = _times(own.first_to_last) if np.isfinite(own.first_to_last) else "not defined"
    panels = [
        Panel(
            "How much gradient each layer gets",
            figure_svg(
                profile,
                name="gradient-flow-layers",
                alt=f"Gradient of a weight by layer; first to last hidden layer {ratio}.",
            ),
        )
    ]
    lines = [
        ("Gradient by epoch", layers, "gradient_rms", "Gradient of a weight (loss a unit)", True),
        ("Updates by epoch", layers, "update_share", "Update, share of the weights' norm", True),
        ("Dead units", hidden, "dead_share", "Units with the same output for all rows (%)", False),
        ("Saturated units", hidden, "saturated_share", "Activations at a bound (%)", False),
    ]
    for title, table, column, label, log in lines:
        if not table[column].max() > (0.0 if log else VISIBLE_SHARE):
            continue

        def draw(
            axes: Axes,
            table: pd.DataFrame = table,
            column: str = column,
            label: str = label,
            log: bool = log,
        ) -> Axes:
            return by_epoch(table, axes, column=column, label=label, log=log)

        last = table[table["epoch"] == table["epoch"].max()][column]
        alt = f"{label} by layer and epoch; from {last.min():.2g} to {last.max():.2g} at the end."
        panels.append(Panel(title, figure_svg(draw, name=f"gradient-flow-{column}", alt=alt)))
    if own.clipped > 0:

        def clipped(axes: Axes) -> Axes:
            return clipping_by_epoch(epochs, axes)

        alt = f"Share of the steps clipped by epoch, {own.clipped:.1%} of all."
        panels.append(Panel("Clipping", figure_svg(clipped, name="gradient-flow-clip", alt=alt)))
    return panels


def _of(table: pd.DataFrame, network: str) -> pd.DataFrame:
    return table[table["network"] == network]


def _later(table: pd.DataFrame) -> pd.DataFrame:
    """Return the epochs after the first one, or that one where there is no other."""
    left_out = min(1, int(table["epoch"].max()) - 1)
    return table[table["epoch"] > left_out]


def _medians(table: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Return medians of the figures by some keys, over everything else."""
    grouped = table.groupby(keys, sort=False).median(numeric_only=True)
    others = [name for name in ("member", "epoch", "layer") if name in grouped]
    medians: pd.DataFrame = grouped.drop(columns=others).reset_index()
    return medians


def _kept(epochs: pd.DataFrame) -> float:
    """Return the mean share of the norm that clipping left, over the steps that it changed."""
    steps = epochs["clipped_share"].sum()
    kept = (epochs["kept_share"] * epochs["clipped_share"]).sum()
    return float(kept / steps) if steps else np.nan


def _times(ratio: float) -> str:
    if not np.isfinite(ratio):
        return "not defined"
    return f"{ratio:,.2g} times" if 0.1 <= ratio < 100 else _far(ratio)


def _far(ratio: float) -> str:
    """Return a ratio far from 1 in words that need no powers of ten."""
    if ratio > 1:
        return f"{ratio:,.0f} times"
    return f"1/{1 / ratio:,.0f} of" if ratio else "0 times"
