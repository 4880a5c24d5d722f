"""Time of the library: import, a first forecast with its figure, an explanation.

Usage: python -m benchmarks.library [--repeats 5] [--json FILE]
"""

import json
import statistics
import subprocess
import sys
from pathlib import Path

if __package__ in (None, ""):  # as a script
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks._output import build_parser, print_figures, write_figures

IMPORT = """
import time
started = time.perf_counter()
import volcast
print(time.perf_counter() - started)
"""
FORECAST = """
import time, json
started = time.perf_counter()
import matplotlib
matplotlib.use("Agg")
import volcast
prices = volcast.load_prices(source="sample-stocks", tickers=["AAPL"])
frame = prices.bars.set_index("session")[["open", "high", "low", "close", "volume"]]
frame = frame.rename(columns=str.capitalize)
loaded = time.perf_counter()
result = volcast.forecast(frame, ticker="AAPL")
forecast = time.perf_counter()
result.plot()
drawn = time.perf_counter()
result.explain("AAPL", 5)
print(json.dumps({
    "import_and_prices_seconds": loaded - started,
    "forecast_seconds": forecast - loaded,
    "figure_seconds": drawn - forecast,
    "import_to_figure_seconds": drawn - started,
    "explanation_seconds": time.perf_counter() - drawn,
}))
"""


def run_fresh(code: str) -> str:
    """Return what a fresh process prints."""
    answer = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )
    return answer.stdout


def main() -> None:
    """Time fresh processes and report the medians."""
    parser = build_parser(__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    repeats = range(parser.parse_args().repeats)
    imports = [float(run_fresh(IMPORT)) for _ in repeats]
    parts = [json.loads(run_fresh(FORECAST)) for _ in repeats]
    figures = {"import_volcast_seconds": round(statistics.median(imports), 4)}
    for name in parts[0]:
        figures[name] = round(statistics.median(part[name] for part in parts), 3)
    print_figures(figures)
    write_figures(figures, parser.parse_args().json)


if __name__ == "__main__":
    main()
