"""What the diagnostics cost, and whether the map's choice holds on days it has not seen.

Usage: python -m benchmarks.diagnose [--data PANEL [--symbols N]] [--test-start DATE]
    [--choice-only] [--json FILE]

Without options: the embedded prices, first test 2008-01-02. Every diagnostic is measured once, with
compilation and without imports. Then the networks of every cell of the map are judged on the year
after the map's own rows, the first tested one: is the cell that the map calls best within a seed's
standard deviation of the one that then turned out best?
"""

import argparse
import datetime as dt
import json
import time
from pathlib import Path
from typing import Any

import volcast.models.backend  # noqa: F401  TensorFlow's import is not what is timed
from benchmarks.development import embedded_panel
from benchmarks.skill import panel_from
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


def costs(panel: Panel, config: Config) -> dict[str, float]:
    """Return the seconds of every diagnostic."""
    seconds = {}
    problem = build_development_problem(panel, config)
    for name, diagnostic in DIAGNOSTICS.items():
        start = time.perf_counter()
        diagnostic.build_section(diagnostic.measure(problem), problem)
        seconds[name] = round(time.perf_counter() - start, 1)
        print(f"{name:<16}{seconds[name]:>8.1f} s", flush=True)
    return seconds


def choice(panel: Panel, config: Config) -> dict[str, Any]:
    """Return how the map's best cell did in the year after, beside the cell that did best."""
    regressor, parts = split_development_rows(panel, config)
    sample, first = build_sample(panel), build_folds(panel, config)[0].test.start
    later = select_part(sample, slice(first, first + YEAR))
    known, unseen = (
        map_settings(
            build_training_problem(regressor, *(thin_rows(part, LARGEST_PART) for part in some))
        )
        for some in (parts, [*parts[:2], later])
    )
    best = judge(known.seeds, known.cells).best
    cell = ["learning_rate", "batch_size"]
    then = unseen.seeds.groupby(cell)["ratio"].agg(["mean", "std"]).reset_index()
    chosen = then[(then[cell] == best[cell]).all(axis=1)].iloc[0]
    winner = then.iloc[int(then["mean"].argmin())]
    return {
        "chosen": [float(x) for x in best[cell]],
        "chosen_ratio": round(float(chosen["mean"]), 4),
        "best": [float(x) for x in winner[cell]],
        "best_ratio": round(float(winner["mean"]), 4),
        "configured_ratio": round(_configured(unseen, problem_batch(panel, config), config), 4),
        "seed_spread_of_best": round(float(winner["std"]), 4),
        "within_a_spread": bool(chosen["mean"] <= winner["mean"] + winner["std"]),
    }


def problem_batch(panel: Panel, config: Config) -> int:
    """Return the batch size that the configuration comes to."""
    return build_development_problem(panel, config).batch_size


def _configured(found: SettingsMap, batch: int, config: Config) -> float:
    rate = config.model.learning_rate
    mine = (found.seeds["learning_rate"] == rate) & (found.seeds["batch_size"] == batch)
    return float(found.seeds.loc[mine, "ratio"].mean())


def main() -> None:
    """Measure, print and write where asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, help="a panel; else the embedded prices")
    parser.add_argument("--symbols", type=int, help="only the first so many, by name")
    parser.add_argument("--test-start", type=dt.date.fromisoformat, help="first tested day")
    parser.add_argument("--choice-only", action="store_true", help="do not time the diagnostics")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    arguments = parser.parse_args()
    split = {"test_start": arguments.test_start} if arguments.test_start else {}
    config = load_config(None, {"split": split})
    panel = (
        panel_from(arguments.data, arguments.symbols, config)
        if arguments.data
        else embedded_panel(config, None)
    )
    figures: dict[str, Any] = {} if arguments.choice_only else {"seconds": costs(panel, config)}
    if figures:
        print(f"all{sum(figures['seconds'].values()):>21.1f} s")
    figures["choice"] = choice(panel, config)
    for name, value in figures["choice"].items():
        print(f"{name:<22}{value}")
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
