"""Coverage of the further levels of intervals out of sample, on the embedded indices.

Usage: python -m benchmarks.interval_levels [--source sample] [--json FILE]
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

if __package__ in (None, ""):  # as a script
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import volcast
from benchmarks._output import build_parser, print_figures, write_figures
from volcast.reports.scoring.coverage_by_level import coverage_by_level
from volcast.reports.scoring.scored_rows import scored_rows

LEVELS = [0.5, 0.8, 0.9, 0.95]
MODELS = ("network", "har")


def measure(source: str) -> dict[str, Any]:
    """Return the share of outcomes inside each interval, by model, horizon and level in percent."""
    with tempfile.TemporaryDirectory() as folder:
        run = volcast.run(folder, source=source, intervals=LEVELS, models=["har"])
        rows = scored_rows(run.forecasts)
    return {
        f"{model} {horizon} {level:g}": round(float(inside), 3)
        for model in MODELS
        for horizon, level, inside in coverage_by_level(rows, model)[
            ["horizon", "level", "inside"]
        ].itertuples(index=False)
    }


def main() -> None:
    """Run a backtest with several levels and report their coverage."""
    parser = build_parser(__doc__)
    parser.add_argument("--source", default="sample")
    arguments = parser.parse_args()
    figures = measure(arguments.source)
    print_figures(figures)
    write_figures(figures, arguments.json)


if __name__ == "__main__":
    main()
