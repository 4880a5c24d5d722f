"""Gradient flow through the layers.

Computed from gradients and updates recorded in training. Shows whether gradients are healthy,
vanish or explode, whether units are dead, how clipping acts, and the remedy.
"""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from volcast.reports.blocks import Figures, Panel, Paragraph, fold_table
from volcast.reports.figures.gradients import by_epoch, clipping_by_epoch, gradient_by_layer
from volcast.reports.figures.render import figure_svg
from volcast.reports.section import Section
from volcast.reports.text_tables import Column, sentence_case, text_table
from volcast.reports.training.gradient_flow import (
    CONFIGURED,
    CURE,
    DEAD,
    DEAD_SHARE,
    EXPLODED,
    EXPLODING,
    HEALTHY,
    VANISHED,
    VANISHING,
    Flow,
    Tables,
    later_epochs,
    select_network,
    summarise_flow,
)

VISIBLE_SHARE = 0.01  # of dead or saturated units: below it there is no figure of them
OFTEN = 0.5  # of the steps clipped; beyond it the threshold determines the step

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


def build_gradient_flow_section(tables: Tables) -> Section:
    """Return the section on the gradient flow of the configured network.

    `tables` are those of `volcast.models.diagnose.gradient_flow.measure_gradient_flow`.
    """
    own = summarise_flow(tables)
    cure = summarise_flow(tables, CURE) if CURE in set(tables["networks"]["network"]) else None
    network = select_network(tables["networks"], CONFIGURED).iloc[0]
    columns = ["network", "layer", "place"]
    by_layer = _medians(later_epochs(tables["layers"]), columns)
    return Section(
        name="gradients",
        title="Gradient flow",
        sentence=" ".join(
            filter(None, [_finding(own, network), _steps(own, network), _compared(own, cure)])
        ),
        blocks=[
            Figures(_panels(tables, by_layer, own)),
            fold_table("By layer", text_table(by_layer, LAYER_COLUMNS)),
            fold_table(
                "By epoch",
                text_table(_medians(tables["epochs"], ["network", "epoch"]), EPOCH_COLUMNS),
            ),
            Paragraph(
                f"{network['members']} members trained for {network['epochs']} epochs of "
                f"{network['steps']} steps each, without early stopping; every step was recorded. "
                "Figures are medians over members and steps. The last layer starts at zero, so "
                "hidden gradients are zero at the first step by design: layers are judged by the "
                "ratio of the first hidden layer's gradient to the last one's, per "
                f"weight, after the first epoch (vanishing below {VANISHED:g}). Exploding: a "
                f"gradient that is not finite, or is {EXPLODED:g} times that of the first step. A "
                "dead unit has the same output for every row.",
                style="note",
            ),
        ],
        advice=_advice(own, cure, network),
    )


def _finding(own: Flow, network: pd.Series) -> str:
    count = len(network["layers"].split())
    kind = {0: "no hidden layer", 1: "one hidden layer"}.get(count, f"{count} hidden layers")
    kind += f" of {network['activation']}" if count else ""
    if not np.isfinite(own.first_to_last):
        ratio = "no gradient reaches the hidden layers"
    elif count > 1:
        ratio = f"the first hidden layer's gradient is {_times(own.first_to_last)} the last one's"
    else:
        ratio = "there is no hidden layer in which a gradient could vanish"
    found = {
        EXPLODING: (
            f"{100 * own.infinite:.0f} % of the gradients are not finite"
            if own.infinite > 0
            else f"the largest gradient is {_times(own.peak)} that of the first step"
        ),
        DEAD: (
            f"{100 * own.dead:.0f} % of the units of hidden layer {own.dead_layer} have the same "
            "output for every row"
            if own.dead > DEAD_SHARE
            else f"{100 * own.saturated:.0f} % of the activations of a hidden layer are saturated"
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
            f"clipping ({network['clipping']} at {network['clip_at']:g}) takes effect in "
            f"{100 * own.clipped:.1f} % of the steps and leaves {100 * own.kept:.0f} % of the norm "
            "in them"
        )
    else:
        clipping = f"clipping ({network['clipping']} at {network['clip_at']:g}) never takes effect"
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
            "dead or saturated has almost no gradient and does not recover."
        )
    if own.verdict == VANISHING:
        if cure is not None and cure.verdict == HEALTHY:
            return 'Set activation = "relu" and initialisation = "he", or use fewer layers.'
        return "Use fewer hidden layers: ReLU with He initialisation does not help here."
    if own.clipped > OFTEN:
        return (
            "The clipping threshold determines the steps: raise clip_at (now "
            f"{network['clip_at']:g}) to the usual norm or above, {own.gradient_norm:.2g}, or "
            f"lower learning_rate ({rate})."
        )
    return "Nothing to do: every layer learns."


def _panels(tables: Tables, by_layer: pd.DataFrame, own: Flow) -> list[Panel]:
    layers = _medians(select_network(tables["layers"], CONFIGURED), ["epoch", "layer", "place"])
    hidden = layers[layers["place"] == "hidden"]
    epochs = _medians(select_network(tables["epochs"], CONFIGURED), ["epoch"])

    def profile(axes: Axes) -> Axes:
        return gradient_by_layer(by_layer, axes)

    ratio = _times(own.first_to_last) if np.isfinite(own.first_to_last) else "not defined"
    panels = [
        Panel(
            "Gradient by layer",
            figure_svg(
                profile,
                name="gradients-layers",
                alt=f"Gradient of a weight by layer; first to last hidden layer {ratio}.",
            ),
        )
    ]
    lines = [
        ("Gradient by epoch", layers, "gradient_rms", "Gradient of a weight (loss per unit)", True),
        ("Updates by epoch", layers, "update_share", "Update, share of the weights' norm", True),
        ("Dead units", hidden, "dead_share", "Units with the same output for all rows (%)", False),
        ("Saturated units", hidden, "saturated_share", "Saturated activations (%)", False),
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
        panels.append(Panel(title, figure_svg(draw, name=f"gradients-{column}", alt=alt)))
    if own.clipped > 0:

        def clipped(axes: Axes) -> Axes:
            return clipping_by_epoch(epochs, axes)

        alt = f"Share of the steps clipped by epoch, {own.clipped:.1%} of all."
        panels.append(Panel("Clipping", figure_svg(clipped, name="gradients-clip", alt=alt)))
    return panels


def _medians(table: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Return medians of the figures by some keys, over everything else."""
    grouped = table.groupby(keys, sort=False).median(numeric_only=True)
    others = [name for name in ("member", "epoch", "layer") if name in grouped]
    medians: pd.DataFrame = grouped.drop(columns=others).reset_index()
    return medians


def _times(ratio: float) -> str:
    if not np.isfinite(ratio):
        return "not defined"
    return f"{ratio:,.2g} times" if 0.1 <= ratio < 100 else _far(ratio)


def _far(ratio: float) -> str:
    """Return a ratio far from 1 without powers of ten."""
    if ratio > 1:
        return f"{ratio:,.0f} times"
    return f"1/{1 / ratio:,.0f} of" if ratio else "0 times"
