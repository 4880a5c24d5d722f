"""The baselines and their variants on development years, which lie before the reported years.

Usage: python -m benchmarks.baselines [--data PANEL --until DATE --test-start DATE] [--symbols N]
    [--models NAME ...] [--json FILE]

Without options: ^GSPC and ^IXIC, origins from 2003-07-01 to the end of 2007. Prints QLIKE relative
to log-HAR by horizon, on the rows that all models forecast. No network is trained.
"""

import datetime as dt
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks._output import build_parser, write_figures
from benchmarks.development import EMBEDDED_START, build_embedded_panel
from benchmarks.skill import load_panel
from volcast.features.panel import Panel
from volcast.models.baselines.catalogue import BASELINES, REFERENCE
from volcast.models.baselines.rolling_har import RollingHAR
from volcast.models.baselines.trees import Trees
from volcast.models.forecaster import Forecaster
from volcast.pipeline.backtest.folds import build_folds
from volcast.pipeline.backtest.walk_forward import fit_models, forecast_within_bounds
from volcast.pipeline.config.load import load_config
from volcast.pipeline.config.settings import Config
from volcast.pipeline.panel.build import build_sample
from volcast.reports.scoring.scored_rows import VARIANCE_FLOOR, qlike

ALL_SESSIONS = 1_000_000
VARIANTS: dict[str, Callable[[], Forecaster]] = {
    "har_rolling, 600 sessions": lambda: RollingHAR(600),
    "har_rolling, all sessions": lambda: RollingHAR(ALL_SESSIONS),
    "trees, 100 steps of 0.1": lambda: Trees(steps=100, rate=0.1),
    "trees, 300 steps of 0.01": lambda: Trees(rate=0.01),
}
MODELS = {**BASELINES, **VARIANTS}


def compute_losses(panel: Panel, config: Config, make: Callable[[], Forecaster]) -> np.ndarray:
    """Return QLIKE of a model's forecasts in the walk-forward, (n, N, H); NaN where there is none.

    Seconds are not part of it: time the call.
    """
    sample, losses = build_sample(panel), []
    for fold in build_folds(panel, config):
        model = make()
        bounds, _ = fit_models({"model": model}, sample, fold)
        known = sample.until(fold.test.stop - 1)
        variance = forecast_within_bounds(model, known, fold.test, bounds)["variance"]
        target = panel.target[fold.test]
        target = np.where(target > VARIANCE_FLOOR, target, np.nan)
        losses.append(qlike(target, variance))
    return np.concatenate(losses)


def compare(panel: Panel, config: Config, names: list[str]) -> dict[str, dict[str, float]]:
    """Return QLIKE relative to HAR by model and horizon, and the seconds of each model."""
    losses, seconds = {}, {}
    for name in [REFERENCE, *names]:
        start = time.perf_counter()
        losses[name] = compute_losses(panel, config, MODELS[name])
        seconds[name] = time.perf_counter() - start
    common = np.isfinite(np.stack(list(losses.values()))).all(axis=0)
    means = {n: np.nanmean(np.where(common, x, np.nan), axis=(0, 1)) for n, x in losses.items()}
    return {
        name: {
            **{
                str(h): round(float(ratio), 3)
                for h, ratio in zip(panel.horizons, mean / means[REFERENCE], strict=True)
            },
            "seconds": round(seconds[name], 1),
        }
        for name, mean in means.items()
    }


def main() -> None:
    """Compare the baselines and report a table."""
    parser = build_parser(__doc__)
    parser.add_argument("--data", type=Path, help="a panel, CSV or Parquet")
    parser.add_argument("--until", type=dt.date.fromisoformat, help="last day that is used")
    parser.add_argument(
        "--test-start", type=dt.date.fromisoformat, default=EMBEDDED_START, help="first tested day"
    )
    parser.add_argument("--symbols", type=int, help="the first in alphabetical order")
    parser.add_argument("--models", nargs="+", default=list(MODELS), choices=list(MODELS))
    arguments = parser.parse_args()
    config = load_config(None, {"split": {"test_start": arguments.test_start, "refit_every": 126}})
    panel = (
        load_panel(arguments.data, arguments.symbols, config, (None, arguments.until))
        if arguments.data
        else build_embedded_panel(config)
    )
    names = [name for name in arguments.models if name != REFERENCE]
    figures = compare(panel, config, names)
    for name, row in figures.items():
        print(f"{name:<28}" + "".join(f"{value:>9}" for value in row.values()))
    write_figures(figures, arguments.json)


if __name__ == "__main__":
    main()
