"""The largest outcomes relative to a forecast: what bounds the bets of the gate.

Usage: python -m benchmarks.surprises [--data PANEL --symbols N] [--json FILE]

Outcomes are variances of a day, divided by log-HAR fitted on all of them; on the embedded indices,
or on the first N symbols of a panel. `common` is the mean over the tickers of a session.
"""

from pathlib import Path

import numpy as np

from benchmarks._output import build_parser, print_figures, write_figures
from benchmarks.development import build_embedded_panel
from benchmarks.skill import load_panel
from volcast.features.panel import Panel
from volcast.models.regressor.anchor import LogLinear
from volcast.pipeline.config.settings import Config
from volcast.reports.scoring.e_process import LARGEST_SURPRISE
from volcast.reports.scoring.inference import Floats


def compute_surprises(panel: Panel) -> Floats:
    """Return outcomes relative to the forecasts, (T, N), mean one for each ticker."""
    columns = [panel.names.index(name) for name in ("har_1", "har_5", "har_22")]
    x, y = panel.x[:, :, columns].astype(np.float64), panel.target[:, :, 0]
    known = np.isfinite(x).all(axis=2) & (y > 0)
    fitted = LogLinear.fit(x[known], np.log(y[known])[:, None])
    surprise = np.full(y.shape, np.nan)
    surprise[known] = y[known] / np.exp(fitted.predict_log(x[known])).ravel()
    return np.asarray(surprise / np.nanmean(surprise, axis=0))


def main() -> None:
    """Report the largest surprises."""
    parser = build_parser(__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--symbols", type=int, default=300)
    arguments = parser.parse_args()
    config = Config.model_validate({"features": {"select": ["har_1", "har_5", "har_22"]}})
    if arguments.data:
        panel = load_panel(arguments.data, arguments.symbols, config)
    else:
        panel = build_embedded_panel(config, None)
    surprise = compute_surprises(panel)
    cells = surprise[np.isfinite(surprise)]
    counted = np.isfinite(surprise).mean(axis=1) >= 0.25
    common = np.nanmean(surprise[counted], axis=1)
    figures = {
        "cells": len(cells),
        "largest": float(cells.max()),
        "99.99 %": float(np.quantile(cells, 0.9999)),
        f"share above {LARGEST_SURPRISE:g}": float(np.mean(cells > LARGEST_SURPRISE)),
        "largest common": float(common.max()),
        "second common": float(np.sort(common)[-2]),
    }
    print_figures(figures, ".6g")
    write_figures(figures, arguments.json)


if __name__ == "__main__":
    main()
