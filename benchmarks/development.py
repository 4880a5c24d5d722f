"""Comparison of settings on development years, which lie before the reported years.

Usage: python -m benchmarks.development [--data PANEL --until DATE --test-start DATE] [--symbols N]
    [--exogenous SERIES ...] [--events SOURCE ...] [--variants NAME ...] [--json FILE]

Without options: ^GSPC and ^IXIC, origins from 2003-07-01 to the end of 2007. With a panel: its bars
up to DATE, so that no choice can depend on later days. Prints QLIKE of the network relative to HAR.
"""

import datetime as dt
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks._output import build_parser, write_figures
from benchmarks.skill import (
    add_external_options,
    compute_scores,
    load_embedded_panel,
    load_panel,
    walk_forward,
)
from volcast.features.panel import Panel
from volcast.features.selection import DEFAULT_FEATURES
from volcast.models.baselines.catalogue import NETWORK, REFERENCE
from volcast.pipeline.config.load import load_config
from volcast.pipeline.config.settings import Config
from volcast.pipeline.config.source_defaults import with_source_defaults

Sections = dict[str, dict[str, Any]]

EMBEDDED_UNTIL, EMBEDDED_START = dt.date(2007, 12, 31), dt.date(2003, 7, 1)
VARIANTS: dict[str, tuple[str, str, Any]] = {
    "validation share 20 %": ("split", "validation_share", 0.2),
    "loss mse": ("model", "loss", "mse"),
    "L2 1e-4": ("model", "l2", 1e-4),
    "one hidden layer of 16": ("model", "hidden", [16]),
    "learning rate 3e-4": ("model", "learning_rate", 3e-4),
    "batch size 128": ("model", "batch_size", 128),
    "batch size 256": ("model", "batch_size", 256),
    "4 members": ("model", "members", 4),
    "cosine schedule": ("model", "schedule", "cosine"),
    "dropout 10 %": ("model", "dropout", 0.1),
    "dropout 20 %": ("model", "dropout", 0.2),
    "ReLU": ("model", "activation", "relu"),
    "bootstrap": ("model", "bootstrap", True),
    "loss huber": ("model", "loss", "huber"),
    "network alone": ("model", "blend", 0.0),
    "HAR-X alone": ("model", "blend", 1.0),
    "a quarter of HAR-X": ("model", "blend", 0.25),
    "with the level of the market": ("features", "select", ["default", "market"]),
    "without the echo": ("features", "select", [n for n in DEFAULT_FEATURES if "echo" not in n]),
    "without mean logs": (
        "features",
        "select",
        [n for n in DEFAULT_FEATURES if "mean_log" not in n],
    ),
    "without surprises": (
        "features",
        "select",
        [n for n in DEFAULT_FEATURES if "surprise" not in n],
    ),
    "all features": ("features", "select", ["all"]),
}


def build_shared_settings(
    test_start: dt.date, data: Mapping[str, Sequence[str]] | None = None
) -> Sections:
    """Return the settings that all variants share; `data` are those of the section data."""
    return {
        "data": dict(data or {}),
        "split": {"test_start": test_start, "refit_every": 126},
        "baselines": {"models": [REFERENCE]},
    }


def change_setting(sections: Sections, section: str, key: str, value: Any) -> Config:
    """Return the settings with one key changed."""
    return load_config(None, {**sections, section: {**sections.get(section, {}), key: value}})


def build_embedded_panel(config: Config, until: dt.date | None = EMBEDDED_UNTIL) -> Panel:
    """Return features and targets of the embedded prices up to a day."""
    return load_embedded_panel(config, until)


def compute_network_ratios(panel: Panel, config: Config) -> dict[str, float]:
    """Return QLIKE of the network relative to HAR by horizon, over the complete walk-forward."""
    forecasts = walk_forward(panel, config).forecasts
    scores = {horizon: compute_scores(forecasts, horizon)[NETWORK] for horizon in panel.horizons}
    return {str(horizon): round(score["ratio_to_har"], 3) for horizon, score in scores.items()}


def main() -> None:
    """Compare the variants and report a table."""
    parser = build_parser(__doc__)
    parser.add_argument(
        "--data", type=Path, help="a panel, CSV or Parquet; by default the embedded prices"
    )
    parser.add_argument(
        "--until", type=dt.date.fromisoformat, help="last day of the panel that is used"
    )
    parser.add_argument(
        "--test-start", type=dt.date.fromisoformat, default=EMBEDDED_START, help="first tested day"
    )
    parser.add_argument(
        "--symbols", type=int, help="number of symbols, the first in alphabetical order"
    )
    add_external_options(parser)
    parser.add_argument(
        "--variants",
        nargs="*",
        default=list(VARIANTS),
        help="besides the default; all if not given",
    )
    arguments = parser.parse_args()
    data = {"exogenous": arguments.exogenous, "events": arguments.events}
    default = load_config(None, build_shared_settings(arguments.test_start, data))
    if not arguments.data:
        default = with_source_defaults(default)
    sections = default.model_dump()
    panel = (
        load_panel(arguments.data, arguments.symbols, default, (None, arguments.until))
        if arguments.data
        else build_embedded_panel(default)
    )
    variants = {"default": default}
    variants |= {name: change_setting(sections, *VARIANTS[name]) for name in arguments.variants}
    figures = {}
    print(f"{'settings':<24}" + "".join(f"{f'{h}-day':>8}" for h in panel.horizons) + " seconds")
    for name, config in variants.items():
        start = time.perf_counter()
        ratios = compute_network_ratios(panel, config)
        seconds = time.perf_counter() - start
        figures[name] = {**ratios, "seconds": round(seconds, 1)}
        print(f"{name:<24}" + "".join(f"{r:>8.3f}" for r in ratios.values()) + f"{seconds:>8.1f}")
    write_figures(figures, arguments.json)


if __name__ == "__main__":
    main()
