"""Is one test window luck? Skill over start dates, lengths of history and subsets of symbols.

Usage: python -m benchmarks.windows [--data PANEL.parquet] [--json FILE]

For each window QLIKE relative to log-HAR of the network, HAR-X, pooled HAR and trees, by horizon.
Without a panel only the embedded indices are tried. Nothing is chosen by this table.
"""

import argparse
import datetime as dt
import json
from dataclasses import dataclass
from pathlib import Path

from benchmarks.development import embedded_panel
from benchmarks.skill import panel_from, scores, walked
from volcast.features.panel import Panel
from volcast.models.baselines.catalogue import REFERENCE
from volcast.pipeline.config.load import load_config
from volcast.pipeline.config.settings import Config

MODELS = ("harx", "har_pooled", "trees")
HORIZONS = (1, 5, 22)
Ratios = dict[str, dict[str, float]]  # by model, then by horizon


@dataclass(frozen=True)
class Window:
    """One comparison: data from `start` to `until`, tested from `test`, of so many symbols."""

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
    Window("three years of data in all", dt.date(2017, 2, 8), start=dt.date(2015, 2, 9)),
    Window("all symbols, the second year", dt.date(2017, 2, 8)),
)
EMBEDDED_WINDOWS = (
    Window("two indices, 2003 to 2007", dt.date(2003, 7, 1), until=dt.date(2007, 12, 31)),
    Window("two indices, 2008 to 2012", dt.date(2008, 1, 1), until=dt.date(2012, 12, 31)),
    Window("two indices, 2013 to 2018", dt.date(2013, 1, 1)),
)


def config_of(window: Window) -> Config:
    """Return the product's settings for a window."""
    split = {"test_start": window.test, "refit_every": 126}
    return load_config(None, {"split": split, "baselines": {"models": [REFERENCE, *MODELS]}})


def ratios(panel: Panel, config: Config) -> Ratios:
    """Return QLIKE relative to HAR of every model, on the same rows."""
    forecasts = walked(panel, config).forecasts
    found = {str(h): scores(forecasts, h) for h in HORIZONS}
    models = [name for name in found["1"] if name != REFERENCE]
    return {m: {h: round(of[m]["ratio_to_har"], 3) for h, of in found.items()} for m in models}


def show(name: str, found: Ratios) -> None:
    """Print a window's figures."""
    cells = [f"{model} " + " ".join(f"{x:.3f}" for x in of.values()) for model, of in found.items()]
    print(f"{name:<30}" + "   ".join(cells), flush=True)


def main() -> None:
    """Run all windows, print them and write them where asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, help="a panel, CSV or Parquet")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    arguments = parser.parse_args()
    figures = {}
    for window in (*EMBEDDED_WINDOWS, *(PANEL_WINDOWS if arguments.data else ())):
        config = config_of(window)
        if window in EMBEDDED_WINDOWS:
            panel = embedded_panel(config, window.until)
        else:
            period = (window.start, window.until)
            panel = panel_from(arguments.data, window.symbols, config, period)
        figures[window.name] = ratios(panel, config)
        show(window.name, figures[window.name])
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
