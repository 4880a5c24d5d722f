"""What pretrained vintages add to networks of few tickers, each ticker alone and all together.

Usage: python -m benchmarks.pretrained --data PANEL.parquet --tickers A B ... --test-start DATE
    [--start DATE] [--end DATE] [--events SOURCE ...] [--exogenous SERIES ...]
    [--pretrained shipped|DIR] [--together] [--json FILE]

A run with vintages trains the same local network as one without, so that one walk-forward gives the
forecasts of both. `with` and `without` are QLIKE relative to log-HAR, `gain` that of the run with
vintages relative to the one without; below the tickers their means, and the largest gain-ratio.
Without --data: the embedded indices, together. The tickers of a panel may be among those that the
vintages were trained on; the years are not.
"""

import argparse
import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks._output import build_parser, write_figures
from benchmarks.skill import (
    add_external_options,
    build_checked_panel,
    load_embedded_panel,
)
from volcast.features.panel import Panel
from volcast.models.baselines.catalogue import NETWORK, REFERENCE
from volcast.pipeline.backtest.folds import build_folds
from volcast.pipeline.backtest.walk_forward import TEST, iter_folds
from volcast.pipeline.config.load import load_config
from volcast.pipeline.config.settings import SHIPPED_VINTAGES, Config
from volcast.pipeline.config.source_defaults import with_source_defaults
from volcast.pipeline.data.contract.source import Request
from volcast.pipeline.data.sources.files import FilesSource
from volcast.pipeline.panel.load_external import load_external
from volcast.pipeline.progress import Progress
from volcast.reports.scoring.inference import average_by_date
from volcast.reports.scoring.scored_rows import qlike

TOGETHER, LOCAL = "together", "local"
CELL = ["origin", "ticker", "horizon"]


def build_config(arguments: argparse.Namespace) -> Config:
    """Return the default settings, changed by the options of the command line."""
    config = load_config(
        None,
        {
            "data": {"exogenous": arguments.exogenous, "events": arguments.events},
            "split": {"test_start": arguments.test_start},
            "model": {"pretrained": arguments.pretrained},
            "baselines": {"models": [REFERENCE]},
        },
    )
    return config if arguments.data else with_source_defaults(config)


def compute_ratios(panel: Panel, config: Config) -> dict[str, dict[str, float]]:
    """Return the ratios of a walk-forward by horizon: with, without and gain."""
    tables = []
    for fold in iter_folds(panel, build_folds(panel, config), config, Progress()):
        rows = fold.forecasts[fold.forecasts["part"] == TEST]
        wide = rows.pivot_table(index=[*CELL, "realized"], columns="model", values="variance")
        local = fold.members[[*CELL, LOCAL]]
        tables.append(wide.reset_index().merge(local, on=CELL))
    table = pd.concat(tables)
    ratios = {}
    for horizon, part in table.groupby("horizon"):
        losses = {
            name: qlike(part["realized"].to_numpy(), part[name].to_numpy(np.float64))
            for name in (NETWORK, LOCAL, REFERENCE)
        }
        known = np.isfinite(np.stack(list(losses.values()))).all(axis=0)
        origin = part["origin"].to_numpy()[known]
        own, local, har = (average_by_date(loss[known], origin).mean() for loss in losses.values())
        ratios[str(horizon)] = {"with": own / har, "without": local / har, "gain": own / local}
    return ratios


def build_panels(arguments: argparse.Namespace, config: Config) -> dict[str, Panel]:
    """Return the panel of each ticker alone, or of all together, by name."""
    if not arguments.data:
        return {TOGETHER: load_embedded_panel(config, arguments.end)}
    source, now = FilesSource(arguments.data), dt.datetime.now(dt.UTC)
    bars = source.load(Request((), arguments.start, arguments.end, now)).bars
    bars = bars[bars["ticker"].isin(arguments.tickers)]
    external = load_external(config, bars, source, now, Progress())
    parts = {str(ticker): own for ticker, own in bars.groupby("ticker")}
    if arguments.together:
        parts = {TOGETHER: bars}
    return {name: build_checked_panel(own, config, external) for name, own in parts.items()}


def summarise(figures: dict[str, dict[str, dict[str, float]]]) -> dict[str, Any]:
    """Return by horizon the means over the panels, and the largest ratio of the gain."""
    horizons = next(iter(figures.values()))
    summary: dict[str, Any] = {}
    for horizon in horizons:
        found = pd.DataFrame([ratios[horizon] for ratios in figures.values()])
        summary[horizon] = {
            **found.mean().round(4).to_dict(),
            "worst": round(found["gain"].max(), 4),
        }
    return summary


def main() -> None:
    """Measure and report."""
    parser = build_parser(__doc__)
    parser.add_argument("--data", type=Path, help="a panel; else the embedded indices")
    parser.add_argument("--tickers", nargs="+", default=[], help="tickers of the panel")
    parser.add_argument("--test-start", type=dt.date.fromisoformat, help="first tested day")
    parser.add_argument("--start", type=dt.date.fromisoformat, help="first bar")
    parser.add_argument("--end", type=dt.date.fromisoformat, help="last bar")
    parser.add_argument("--pretrained", default=SHIPPED_VINTAGES, help="vintages")
    parser.add_argument("--together", action="store_true", help="all tickers in one panel")
    add_external_options(parser)
    arguments = parser.parse_args()
    config = build_config(arguments)
    figures: dict[str, dict[str, dict[str, float]]] = {}
    for name, panel in build_panels(arguments, config).items():
        figures[name] = compute_ratios(panel, config)
        cells = [
            f"{r['with']:.3f} {r['without']:.3f} {r['gain']:.3f}" for r in figures[name].values()
        ]
        print(f"{name:<10}" + "   ".join(cells), flush=True)
    summary = summarise(figures)
    for horizon, found in summary.items():
        print(f"{horizon:>3} sessions  " + "  ".join(f"{k} {v:.3f}" for k, v in found.items()))
    write_figures({"panels": figures, "summary": summary}, arguments.json)


if __name__ == "__main__":
    main()
