"""Skill on other test windows: other start dates, lengths of history and subsets of symbols.

Usage: python -m benchmarks.windows [--data PANEL.parquet] [--json FILE]

Prints for each window the QLIKE of the network, HAR-X, pooled HAR and trees relative to log-HAR, by
horizon. Without a panel only the embedded indices are used. Nothing is chosen by this table.
"""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from benchmarks._output import build_parser, write_figures
from benchmarks.development import build_embedded_panel
from benchmarks.skill import compute_scores, load_panel, walk_forward
from volcast.features.panel import Panel
from volcast.models.baselines.catalogue import REFERENCE
from volcast.pipeline.config.load import load_config
from volcast.pipeline.config.settings import Config

MODELS = ("harx", "har_pooled", "trees")
HORIZONS = (1, 5, 22)
Ratios = dict[str, dict[str, float]]  # by model, then by horizon


@dataclass(frozen=True)
class Window:
    """One comparison: data from `start` to `until`, tested from `test` on, of `symbols` symbols."""

    name: str
    test: dt.date
    until: dt.date | None = None
    start: dt.date | None = None
    symbols: int | None = None


PANEL_WINDOWS = (
    Window("one year of training", dt.date(2015, 2, 9), until=dt.date(2016, 2, 5)),
    Window("half a year earlier", dt.date(2014, 8, 8), until=dt.date(2015, 2, 6)),
    Window("5 symbols", dt.date(2016, 2, 8), symbols=5),
    Window("30 symbols", dt.date(2016, 2, 8), symbols=30),
    Window("100 symbols", dt.date(2016, 2, 8), symbols=100),
    Window("three years of data in total", dt.date(2017, 2, 8), start=dt.date(2015, 2, 9)),
    Window("all symbols, the second year", dt.date(2017, 2, 8)),
)
EMBEDDED_WINDOWS = (
    Window("two indices, 2003 to 2007", dt.date(2003, 7, 1), until=dt.date(2007, 12, 31)),
    Window("two indices, 2008 to 2012", dt.date(2008, 1, 1), until=dt.date(2012, 12, 31)),
    Window("two indices, 2013 to 2018", dt.date(2013, 1, 1)),
)


def build_config(window: Window) -> Config:
    """Return the default settings with the dates and models of a window."""
    split = {"test_start": window.test, "refit_every": 126}
    return load_config(None, {"split": split, "baselines": {"models": [REFERENCE, *MODELS]}})


def compute_ratios(panel: Panel, config: Config) -> Ratios:
    """Return QLIKE relative to HAR of every model, on the same rows."""
    forecasts = walk_forward(panel, config).forecasts
    scores = {str(h): compute_scores(forecasts, h) for h in HORIZONS}
    models = [name for name in scores["1"] if name != REFERENCE]
    return {
        m: {h: round(by_model[m]["ratio_to_har"], 3) for h, by_model in scores.items()}
        for m in models
    }


def print_row(name: str, ratios: Ratios) -> None:
    """Print a window's figures."""
    cells = [
        f"{model} " + " ".join(f"{x:.3f}" for x in by_horizon.values())
        for model, by_horizon in ratios.items()
    ]
    print(f"{name:<30}" + "   ".join(cells), flush=True)


def main() -> None:
    """Run all windows and report them."""
    parser = build_parser(__doc__)
    parser.add_argument("--data", type=Path, help="a panel, CSV or Parquet")
    arguments = parser.parse_args()
    figures = {}
    for window in (*EMBEDDED_WINDOWS, *(PANEL_WINDOWS if arguments.data else ())):
        config = build_config(window)
        if window in EMBEDDED_WINDOWS:
            panel = build_embedded_panel(config, window.until)
        else:
            period = (window.start, window.until)
            panel = load_panel(arguments.data, window.symbols, config, period)
        figures[window.name] = compute_ratios(panel, config)
        print_row(window.name, figures[window.name])
    write_figures(figures, arguments.json)


if __name__ == "__main__":
    main()
