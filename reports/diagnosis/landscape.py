"""The loss landscape around the trained network.

Computed from losses on three planes through the weights, and from the paths of training. Shows
contours and surfaces, how steep the loss is, and where paths with other learning rates lead.
"""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from volcast.reports.blocks import Figures, Panel, Paragraph, fold_table
from volcast.reports.figures.landscape import loss_contours, loss_surface
from volcast.reports.figures.render import figure_svg
from volcast.reports.section import Section
from volcast.reports.text_tables import Column, text_table

Tables = dict[str, pd.DataFrame]

PARTS = {"training": "Train", "validation": "Validation"}
RANDOM, PATH, RATES = "random", "path", "rates"
PLANES = {
    PATH: "plane of the path",
    RATES: "plane of three rates",
    RANDOM: "random directions",
}
LABELS = {
    PATH: ("First direction of the path (distance)", "Second direction (distance)"),
    RATES: ("First direction of all paths (distance)", "Second direction (distance)"),
    RANDOM: ("First random direction (of each unit's norm)", "Second (of each unit's norm)"),
}
AWAY, RING = 0.25, 0.05  # of the units' norms: where the loss is compared with the centre's
ENOUGH = 0.95  # of the best rate's gain: less would be a reason to change the rate

PATH_COLUMNS = [
    Column("plane", "Plane"),
    Column("learning_rate", "Rate", ".2g"),
    Column("epoch", "Epoch", "d"),
    Column("training_loss", "Train loss", ".4f"),
    Column("training_loss_on_plane", "On the plane", ".4f"),
    Column("validation_loss", "Validation loss", ".4f"),
    Column("validation_loss_on_plane", "On the plane", ".4f"),
    Column("distance", "From the plane", ".3f"),
    Column("x", "x", "+.3f"),
    Column("y", "y", "+.3f"),
]
PLANE_COLUMNS = [
    Column("plane", "Plane"),
    Column("share", "Of the path's variance", ".1%"),
    Column("training_lowest", "Lowest train loss", ".4f"),
    Column("validation_lowest", "Lowest validation loss", ".4f"),
    Column("apart", "Lowest points apart", ".2f"),
]


def build_landscape_section(tables: Tables) -> Section:
    """Return the section on the loss landscape.

    `tables` are those of `volcast.models.diagnose.landscape.measure_landscape`.
    """
    planes = _planes(tables)
    rows = tables["planes"].iloc[0]
    return Section(
        name="landscape",
        title="Loss landscape",
        sentence=_sentence(tables, planes.set_index("key")),
        blocks=[
            Figures(_panels(tables)),
            fold_table("Planes", text_table(planes, PLANE_COLUMNS)),
            fold_table(
                "Paths",
                text_table(
                    tables["path"].assign(plane=tables["path"]["plane"].map(PLANES)), PATH_COLUMNS
                ),
            ),
            Paragraph(
                f"Loss over {rows['training_rows']:,} training and {rows['validation_rows']:,} "
                "validation rows, without the L2 penalty and dropout, of the first member's "
                "network. The centre is the epoch with the lowest validation loss, averaged over "
                "horizons (forecasts use the best epoch of each horizon). The plane of the path is "
                "spanned by its first two principal components about the centre; random directions "
                "have, in each unit, the norm of its weights (Li et al. 2018). Paths leave a "
                "plane: points are projected onto it, and the tables give the loss there and at "
                "the true weights. Losses in the highest tenth are drawn as a plateau.",
                style="note",
            ),
        ],
        advice=_advice(tables),
    )


def _planes(tables: Tables) -> pd.DataFrame:
    """Return a row a plane: its share, the lowest points of both parts, and how far apart they are.

    Distances are in the units of the plane's axes.
    """
    records = []
    shares = tables["planes"].set_index("plane")["share"]
    for key, words in PLANES.items():
        surface = tables["surface"][tables["surface"]["plane"] == key]
        lowest = {}
        for part in PARTS:
            those = surface[surface["part"] == part]
            lowest[part] = those.iloc[int(those["loss"].argmin())]
        one, other = (lowest[part][["x", "y"]].to_numpy(np.float64) for part in PARTS)
        losses = {f"{part}_lowest": row["loss"] for part, row in lowest.items()}
        apart = float(np.linalg.norm(one - other))
        records.append({"key": key, "plane": words, "share": shares[key], **losses, "apart": apart})
    return pd.DataFrame(records)


def _sentence(tables: Tables, planes: pd.DataFrame) -> str:
    path = _first_path(tables)
    end, kept = path.iloc[-1], path[path["centre"]].iloc[0]
    on_path = planes.loc[PATH]
    rise = _rise(tables)
    return (
        f"In {len(path) - 1} epochs the weights reached a train loss of "
        f"{end['training_loss']:.4f} (validation {end['validation_loss']:.4f}); the selected "
        f"network is that of epoch {kept['epoch']:.0f}, with losses of {kept['training_loss']:.4f} "
        f"and {kept['validation_loss']:.4f}. The plane of the path holds "
        f"{100 * on_path['share']:.1f} % of its variance; on it the lowest train loss lies "
        f"{on_path['apart']:.2g} away from the lowest validation loss, for a path "
        f"{_length(path):.2g} long. Moving every unit by a quarter of its norm at random changes "
        f"the train loss by {rise['training']} % and the validation loss by "
        f"{rise['validation']} %. {_rates(tables)}"
    )


def _rates(tables: Tables) -> str:
    reached = _reached(tables)
    parts = [f"{loss:.4f} at {rate:.2g}" for rate, loss in reached.items()]
    return f"The lowest validation loss by learning rate: {', '.join(parts)}."


def _advice(tables: Tables) -> str:
    reached, path = _reached(tables), _first_path(tables)
    start, rate = path["validation_loss"].iloc[0], path["learning_rate"].iloc[0]
    gains = start - reached
    best = float(gains.index[gains.argmax()])
    if gains[best] <= 0:
        return "No rate reached a loss below the start: check the inputs before the learning rate."
    if gains[rate] < ENOUGH * gains[best]:
        return (
            f"Try learning_rate = {best:.2g}: its path gains {100 * gains[best] / start:.1f} % on "
            f"the start instead of {100 * gains[rate] / start:.1f} %. One seed only indicates "
            "where to look."
        )
    return (
        f"Keep learning_rate = {rate:.2g}: none of the other paths reached a clearly lower "
        "loss. `volcast lr-find` covers a wider range."
    )


def _length(path: pd.DataFrame) -> float:
    """Return the length of a path as it is drawn on its plane."""
    return float(np.hypot(path["x"].diff(), path["y"].diff()).sum())


def _first_path(tables: Tables) -> pd.DataFrame:
    return tables["path"][tables["path"]["plane"] == PATH]


def _reached(tables: Tables) -> pd.Series:
    """Return the lowest true validation loss of each learning rate's path, the start left out."""
    path = tables["path"]
    trained = path[(path["plane"] == RATES) & (path["epoch"] > 0)]
    lowest: pd.Series = trained.groupby("learning_rate")["validation_loss"].min()
    return lowest


def _rise(tables: Tables) -> dict[str, str]:
    """Return by how many percent the loss rises around the network in the random plane, by part."""
    surface = tables["surface"][tables["surface"]["plane"] == RANDOM]
    off = np.abs(np.hypot(surface["x"], surface["y"]) - AWAY)
    centre = _first_path(tables).query("centre").iloc[0]
    ring = surface[off <= max(RING, off.min() + RING)].groupby("part")["loss"].mean()
    rises = {part: 100.0 * (ring[part] / centre[f"{part}_loss"] - 1.0) for part in PARTS}
    return {part: f"{round(rise, 1) + 0.0:+,.1f}" for part, rise in rises.items()}


def _panels(tables: Tables) -> list[Panel]:
    """Return contours of all planes and the surface over the path, train and validation in turn."""
    shares = tables["planes"].set_index("plane")["share"]
    panels = []
    for plane in PLANES:
        for part, word in PARTS.items():
            surface, path = _select_part(tables, plane, part)

            def contours(
                axes: Axes,
                surface: pd.DataFrame = surface,
                path: pd.DataFrame = path,
                plane: str = plane,
            ) -> Axes:
                return loss_contours(surface, path, axes, labels=LABELS[plane])

            alt = (
                f"{word} loss on the {PLANES[plane]}, from {surface['loss'].min():.4f} to "
                f"{surface['loss'].max():.4f}, with the path of training; the plane holds "
                f"{100 * shares[plane]:.1f} % of its variance."
            )
            svg = figure_svg(contours, name=f"landscape-{plane}-{part}", alt=alt, height_px=340)
            held = f"{100 * shares[plane]:.3g} % of the variance"
            panels.append(Panel(f"{word} loss, {PLANES[plane]} ({held})", svg))
        if plane == PATH:
            panels += [_surface_panel(tables, part, word) for part, word in PARTS.items()]
    return panels


def _surface_panel(tables: Tables, part: str, word: str) -> Panel:
    surface, path = _select_part(tables, PATH, part)

    def draw(axes: Axes) -> Axes:
        drawn: Axes = loss_surface(
            surface,
            path,
            axes,
            part=part,
            labels=("First direction (distance)", "Second (distance)"),
        )
        return drawn

    svg = figure_svg(
        draw,
        name=f"landscape-surface-{part}",
        alt=f"{word} loss as a surface over the plane of the path.",
        height_px=340,
        projection="3d",
    )
    return Panel(f"{word} loss as a surface, plane of the path", svg)


def _select_part(tables: Tables, plane: str, part: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    surface, path = tables["surface"], tables["path"]
    return (
        surface[(surface["plane"] == plane) & (surface["part"] == part)],
        path[path["plane"] == plane],
    )
