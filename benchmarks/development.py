"""Choices of the network's settings, compared on years that no reported result is taken from.

Usage: python -m benchmarks.development [--json FILE]

The walk-forward on the embedded prices, cut at the end of 2007 and tested from July 2003: QLIKE of
the network relative to log-HAR, both indices together, for the default settings and for one change
at a time.
"""

import argparse
import datetime as dt
import json
import time
from pathlib import Path
from typing import Any

import pandas as pd

from features.panel import Panel
from models.catalogue import NETWORK, REFERENCE
from pipeline import config as settings
from pipeline.config import Config
from pipeline.data.quality import check
from pipeline.data.sample import SampleSource
from pipeline.data.source import Request
from pipeline.evaluation import forecast_table, with_volatility
from pipeline.panels import calendars_of, grids, panel_of
from pipeline.progress import Progress
from pipeline.walk import folds_of, walk_fold
from reports.scores import POOLED, score_table

PERIOD: dict[str, dict[str, Any]] = {
    "data": {"end": "2007-12-31"},
    "split": {"test_start": "2003-07-01", "refit_every": 126},
    "baselines": {"models": [REFERENCE]},
}
VARIANTS: dict[str, tuple[str, str, Any]] = {
    "validation share 20 %": ("split", "validation_share", 0.2),
    "loss mse": ("model", "loss", "mse"),
    "L2 1e-4": ("model", "l2", 1e-4),
    "one hidden layer of 16": ("model", "hidden", [16]),
    "learning rate 3e-4": ("model", "learning_rate", 3e-4),
    "batch size 128": ("model", "batch_size", 128),
    "4 members": ("model", "members", 4),
    "cosine schedule": ("model", "schedule", "cosine"),
    "dropout 10 %": ("model", "dropout", 0.1),
    "bootstrap": ("model", "bootstrap", True),
    "loss huber": ("model", "loss", "huber"),
}


def changed(section: str, key: str, value: Any) -> Config:
    """Return the settings of the period with one key changed."""
    return settings.load(None, {**PERIOD, section: {**PERIOD.get(section, {}), key: value}})


def panel_until_2007(config: Config) -> Panel:
    """Return features and targets of the embedded prices up to the end of the period."""
    now = dt.datetime(2008, 1, 2, tzinfo=dt.UTC)
    bars = SampleSource().load(Request((), None, config.data.end, now)).bars
    checked = check(bars, calendars_of(list(bars["ticker"].unique()), config))
    return panel_of(grids(checked.bars, config), config)


def network_ratios(panel: Panel, config: Config) -> dict[str, float]:
    """Return QLIKE of the network relative to HAR by horizon, over the whole walk-forward."""
    folds = [walk_fold(panel, fold, config, Progress()) for fold in folds_of(panel, config)]
    forecasts = pd.concat([fold.forecasts for fold in folds], ignore_index=True)
    table = forecast_table(forecasts, config.report.interval)
    scores = score_table(with_volatility(table, config))
    pooled = scores[(scores["ticker"] == POOLED) & (scores["model"] == NETWORK)]
    ratios = zip(pooled["horizon"], pooled["ratio_to_har"], strict=True)
    return {str(horizon): round(float(ratio), 3) for horizon, ratio in ratios}


def main() -> None:
    """Compare the variants, print a table and write it where asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    arguments = parser.parse_args()
    default = settings.load(None, PERIOD)
    panel = panel_until_2007(default)
    variants = {"default": default} | {name: changed(*one) for name, one in VARIANTS.items()}
    figures = {}
    print(f"{'settings':<24}" + "".join(f"{f'{h}-day':>8}" for h in panel.horizons) + " seconds")
    for name, config in variants.items():
        start = time.perf_counter()
        ratios = network_ratios(panel, config)
        seconds = time.perf_counter() - start
        figures[name] = {**ratios, "seconds": round(seconds, 1)}
        print(f"{name:<24}" + "".join(f"{r:>8.3f}" for r in ratios.values()) + f"{seconds:>8.1f}")
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
