"""What more rows to train on are worth: networks trained on all rows of a panel and on parts.

Usage: python -m benchmarks.fit_rows --data PANEL.parquet [--tickers 400] [--start 2000-01-01]
    [--tested 2010-01-04 2012-01-03] [--rows 1000000 400000 150000] [--json FILE]

Tickers are drawn from the panel (a table in long format) as `benchmarks.scale` draws them. For each
date a network is trained on what was known before, on at most as many rows as given, drawn at
random, and forecasts a year. Prints its mean QLIKE relative to that of the first number of rows,
with the t of Diebold and Mariano (negative: fewer rows are better), and the seconds of a training.
"""

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pandas as pd

from benchmarks._output import build_parser, print_figures, write_figures
from benchmarks.scale import draw_tickers
from volcast.features.panel import Panel
from volcast.models import network as network_module
from volcast.models.baselines.catalogue import NETWORK
from volcast.models.network import Network
from volcast.pipeline.backtest.model_factory import build_regressor
from volcast.pipeline.backtest.walk_forward import fit_models, forecast_within_bounds
from volcast.pipeline.config.settings import Config
from volcast.pipeline.job.challenger import build_fold
from volcast.pipeline.job.market import build_market_panel
from volcast.pipeline.panel.build import build_sample
from volcast.pipeline.panel.load_bars import load_bars
from volcast.pipeline.progress import Progress
from volcast.reports.scoring.inference import Floats, diebold_mariano
from volcast.reports.scoring.scored_rows import qlike

YEAR = 252


def load_panel(arguments: argparse.Namespace, file: Path) -> tuple[Panel, Config]:
    """Return the panel of the drawn tickers up to a year after the last tested date."""
    draw_tickers(arguments.data, arguments.tickers, file)
    last = pd.Timestamp(max(arguments.tested)) + pd.DateOffset(months=15)
    data = {
        "source": "files",
        "path": str(file),
        "start": arguments.start,
        "end": f"{last:%Y-%m-%d}",
    }
    config = Config.model_validate({"data": data})
    loaded = load_bars(config, pd.Timestamp.now("UTC").to_pydatetime(), Progress())
    return build_market_panel(loaded.bars, config, loaded.held, loaded.external), config


def compute_losses(panel: Panel, config: Config, start: int, rows: int) -> tuple[Floats, float]:
    """Return QLIKE by session and horizon, (n, H), means over tickers; and the seconds of training.

    The network sees what was known before position `start`.
    """
    network = Network(build_regressor(config))
    begin = time.perf_counter()
    with mock.patch.object(network_module, "MOST_FIT_ROWS", rows):
        bounds, _ = fit_models(
            {NETWORK: network}, build_sample(panel), build_fold(panel, config, start)
        )
    seconds = time.perf_counter() - begin
    origins = slice(start, min(start + YEAR, len(panel.sessions) - max(panel.horizons)))
    sample = build_sample(panel).until(origins.stop - 1)
    variance = forecast_within_bounds(network, sample, origins, bounds)["variance"]
    losses = qlike(np.where(panel.target[origins] > 0, panel.target[origins], np.nan), variance)
    return np.asarray(np.nanmean(losses, axis=1)), seconds


def measure(panel: Panel, config: Config, arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the figures by number of rows."""
    starts = [int(panel.sessions.searchsorted(pd.Timestamp(day))) for day in arguments.tested]
    losses, figures = {}, {}
    for rows in arguments.rows:
        parts = [compute_losses(panel, config, start, rows) for start in starts]
        losses[rows] = np.concatenate([part for part, _ in parts])
        figures[f"{rows}: seconds"] = sum(seconds for _, seconds in parts) / len(parts)
    reference, date = losses[arguments.rows[0]], np.arange(len(losses[arguments.rows[0]]))
    for rows in arguments.rows[1:]:
        for place, horizon in enumerate(panel.horizons):
            own, first = losses[rows][:, place], reference[:, place]
            test = diebold_mariano(own - first, date, horizon)
            figures[f"{rows}: QLIKE at {horizon}, relative"] = float(own.mean() / first.mean())
            figures[f"{rows}: t at {horizon}"] = test.statistic
    return figures


def main() -> None:
    """Measure and report the figures."""
    parser = build_parser(__doc__)
    parser.add_argument("--data", type=Path, required=True, help="a panel in long format")
    parser.add_argument("--tickers", type=int, default=400)
    parser.add_argument("--start", default="2000-01-01")
    parser.add_argument("--tested", nargs="+", default=["2010-01-04", "2012-01-03"])
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 400_000, 150_000])
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        panel, config = load_panel(arguments, Path(folder) / "bars.parquet")
        figures = measure(panel, config, arguments)
    print_figures(figures, ".3f")
    write_figures(figures, arguments.json)


if __name__ == "__main__":
    main()
