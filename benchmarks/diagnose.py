"""Time of every diagnostic, and whether the map's choice of settings holds on later days.

Usage: python -m benchmarks.diagnose [--data PANEL [--symbols N]] [--test-start DATE]
    [--choice-only] [--json FILE]

Without options: the embedded prices, first test 2008-01-02. Every diagnostic is timed once, with
compilation and without imports. Then the networks of every cell of the map are scored on the year
after the rows of the map, the first tested year: is the cell that the map calls best within one
standard deviation over seeds of the cell that is best in that year?
"""

import datetime as dt
import time
from pathlib import Path
from typing import Any

import volcast.models.backend  # noqa: F401  imported here so that the import is not timed
from benchmarks._output import build_parser, write_figures
from benchmarks.development import build_embedded_panel
from benchmarks.skill import load_panel
from volcast.features.panel import Panel
from volcast.models.diagnose.settings_map import SettingsMap, map_settings
from volcast.models.diagnose.training_problem import build_training_problem, thin_rows
from volcast.pipeline.backtest.development_split import (
    LARGEST_PART,
    build_development_problem,
    select_part,
    split_development_rows,
)
from volcast.pipeline.backtest.folds import build_folds
from volcast.pipeline.config.load import load_config
from volcast.pipeline.config.settings import Config
from volcast.pipeline.diagnostics.catalogue import DIAGNOSTICS
from volcast.pipeline.panel.build import build_sample
from volcast.reports.training.settings_map import judge

YEAR = 252  # sessions


def time_diagnostics(panel: Panel, config: Config) -> dict[str, float]:
    """Return the seconds of every diagnostic."""
    seconds = {}
    problem = build_development_problem(panel, config)
    for name, diagnostic in DIAGNOSTICS.items():
        start = time.perf_counter()
        diagnostic.build_section(diagnostic.measure(problem), problem)
        seconds[name] = round(time.perf_counter() - start, 1)
        print(f"{name:<16}{seconds[name]:>8.1f} s", flush=True)
    return seconds


def check_choice(panel: Panel, config: Config) -> dict[str, Any]:
    """Return the score of the map's best cell in the year after, and that of the best cell then."""
    regressor, parts = split_development_rows(panel, config)
    sample, first = build_sample(panel), build_folds(panel, config)[0].test.start
    later = select_part(sample, slice(first, first + YEAR))
    own_map, later_map = (
        map_settings(
            build_training_problem(
                regressor, *(thin_rows(part, LARGEST_PART) for part in three_parts)
            )
        )
        for three_parts in (parts, [*parts[:2], later])
    )
    best = judge(own_map.seeds, own_map.cells).best
    cell = ["learning_rate", "batch_size"]
    scores = later_map.seeds.groupby(cell)["ratio"].agg(["mean", "std"]).reset_index()
    chosen = scores[(scores[cell] == best[cell]).all(axis=1)].iloc[0]
    winner = scores.iloc[int(scores["mean"].argmin())]
    return {
        "chosen": [float(x) for x in best[cell]],
        "chosen_ratio": round(float(chosen["mean"]), 4),
        "best": [float(x) for x in winner[cell]],
        "best_ratio": round(float(winner["mean"]), 4),
        "configured_ratio": round(_average_configured(later_map, panel, config), 4),
        "seed_spread_of_best": round(float(winner["std"]), 4),
        "within_a_spread": bool(chosen["mean"] <= winner["mean"] + winner["std"]),
    }


def _average_configured(settings_map: SettingsMap, panel: Panel, config: Config) -> float:
    """Return the mean ratio of the cell of the configured learning rate and batch size."""
    seeds = settings_map.seeds
    batch = build_development_problem(panel, config).batch_size
    rate = config.model.learning_rate
    configured = (seeds["learning_rate"] == rate) & (seeds["batch_size"] == batch)
    return float(seeds.loc[configured, "ratio"].mean())


def main() -> None:
    """Measure and report."""
    parser = build_parser(__doc__)
    parser.add_argument(
        "--data", type=Path, help="a panel, CSV or Parquet; by default the embedded prices"
    )
    parser.add_argument(
        "--symbols", type=int, help="number of symbols, the first in alphabetical order"
    )
    parser.add_argument("--test-start", type=dt.date.fromisoformat, help="first tested day")
    parser.add_argument("--choice-only", action="store_true", help="do not time the diagnostics")
    arguments = parser.parse_args()
    split = {"test_start": arguments.test_start} if arguments.test_start else {}
    config = load_config(None, {"split": split})
    panel = (
        load_panel(arguments.data, arguments.symbols, config)
        if arguments.data
        else build_embedded_panel(config, None)
    )
    figures: dict[str, Any] = (
        {} if arguments.choice_only else {"seconds": time_diagnostics(panel, config)}
    )
    if figures:
        print(f"total{sum(figures['seconds'].values()):>19.1f} s")
    figures["choice"] = check_choice(panel, config)
    for name, value in figures["choice"].items():
        print(f"{name:<22}{value}")
    write_figures(figures, arguments.json)


if __name__ == "__main__":
    main()
