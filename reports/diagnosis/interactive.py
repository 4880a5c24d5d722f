"""The landscape of the loss as a page of its own, on which the surfaces can be turned."""

from typing import Any

import numpy as np
import pandas as pd

from volcast.reports.diagnosis.landscape import PARTS, PLANES, Tables
from volcast.reports.figures.landscape import surface_grid

PLATEAU_SHARE = 0.98  # of the points: higher ones are cut off, or one peak would hide the rest
SCENES = {"training": "scene", "validation": "scene2"}
SURFACE_COLOURS = "Cividis"
PATH_COLOURS = "#e8602c", "#000000", "#d13fa0"  # all stand out on it
LIFT = 0.01  # of the surface's range: a line in the surface would flicker


def landscape_page(tables: Tables, *, title: str = "Loss landscape") -> str:
    """Return a self-contained HTML page with the loss surfaces, which can be turned.

    `tables` are those of `volcast.models.diagnose.landscape.measure_landscape`. Train and
    validation loss are side by side; buttons choose the plane. The page contains plotly's script,
    some 5 MB, and needs no network.

    Raises
    ------
    ModuleNotFoundError
        plotly is not installed; the message says how to install it.
    """
    figure = _figure_class()()
    planes = [plane for plane in PLANES if plane in set(tables["surface"]["plane"])]
    shown = []  # the plane of each trace
    for plane in planes:
        for part in PARTS:
            traces = _traces(tables, plane, part)
            figure.add_traces(traces)
            shown += [plane] * len(traces)
    figure.for_each_trace(lambda trace: trace.update(visible=trace.meta == planes[0]))
    buttons = [
        {
            "label": PLANES[plane].capitalize(),
            "method": "update",
            "args": [{"visible": [plane == other for other in shown]}],
        }
        for plane in planes
    ]
    half = {"training": [0.0, 0.49], "validation": [0.51, 1.0]}
    figure.update_layout(
        title=title,
        height=720,
        margin={"l": 0, "r": 0, "t": 90, "b": 0},
        legend={"orientation": "h", "y": 0.02, "x": 0.5, "xanchor": "center"},
        updatemenus=[{"type": "buttons", "direction": "right", "x": 0, "y": 1.06, "xanchor": "left",
                      "buttons": buttons}],
        annotations=[
            {"text": f"{word} loss", "x": half[part][0] + 0.24, "y": 0.97, "showarrow": False,
             "xref": "paper", "yref": "paper", "font": {"size": 15}}
            for part, word in PARTS.items()
        ],
        **{SCENES[part]: _scene(half[part]) for part in PARTS},
    )  # fmt: skip
    page: str = figure.to_html(include_plotlyjs=True, config={"displaylogo": False})
    return page


def _traces(tables: Tables, plane: str, part: str) -> list[dict[str, Any]]:
    """Return the surface of one plane and part, and a path a learning rate."""
    surface, path = (
        table[table["plane"] == plane] for table in (tables["surface"], tables["path"])
    )
    x, y, loss = surface_grid(surface[surface["part"] == part])
    top = float(np.nanquantile(loss, PLATEAU_SHARE))
    shared = {"scene": SCENES[part], "meta": plane}
    traces: list[dict[str, Any]] = [
        {
            **shared,
            "type": "surface",
            "x": x[0],
            "y": y[:, 0],
            "z": np.minimum(loss, top),
            "colorscale": SURFACE_COLOURS,
            "opacity": 0.9,
            "showscale": False,
            "hovertemplate": "loss %{z:.4f}<extra></extra>",
        }
    ]
    lift = LIFT * (top - float(np.nanmin(loss)))
    for (rate, walk), colour in zip(
        path.groupby("learning_rate", sort=False), PATH_COLOURS, strict=False
    ):
        traces.append(
            {
                **shared,
                "type": "scatter3d",
                "mode": "lines+markers",
                "name": f"Rate {rate:.2g}",
                "showlegend": part == "training",
                "x": walk["x"],
                "y": walk["y"],
                "z": walk[f"{part}_loss_on_plane"].clip(upper=top) + lift,
                "line": {"color": colour, "width": 6},
                "marker": {"color": colour, "size": 3},
                "customdata": _hover_values(walk, part),
                "hovertemplate": "epoch %{customdata[0]}<br>loss of the true weights "
                "%{customdata[1]:.4f}<br>on the plane %{customdata[2]:.4f}<extra></extra>",
            }
        )
    return traces


def _hover_values(walk: pd.DataFrame, part: str) -> Any:
    return walk[["epoch", f"{part}_loss", f"{part}_loss_on_plane"]].to_numpy()


def _scene(domain: list[float]) -> dict[str, Any]:
    return {
        "domain": {"x": domain, "y": [0.0, 1.0]},
        "xaxis": {"title": "First direction"},
        "yaxis": {"title": "Second direction"},
        "zaxis": {"title": "Loss (no unit)"},
        "aspectmode": "cube",
        "camera": {"eye": {"x": 1.2, "y": -1.9, "z": 1.1}},
    }


def _figure_class() -> Any:
    try:
        from plotly.graph_objects import Figure
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "the interactive landscape is drawn by plotly, which is not installed; install it: "
            'pip install "volcast[interactive]"',
            name="plotly",
        ) from error
    return Figure
