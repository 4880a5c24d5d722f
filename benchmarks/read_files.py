"""Time to read a folder of CSV files: volcast's source of files against pandas.read_csv alone.

Usage: python -m benchmarks.read_files [--files 500] [--sessions 1260] [--json FILE]

Both sides read the same files, one ticker each, with ISO dates and decimal points. pandas parses
the text only; volcast also finds the table, names its columns, parses the dates and returns one
table of all bars. The same bars with month-first dates, thousands commas and volumes such as 2.38M
are timed as well, against pandas on the plain files.
"""

import datetime as dt
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

if __package__ in (None, ""):  # as a script
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np
import pandas as pd

from benchmarks._output import build_parser, print_figures, write_figures
from volcast.pipeline.data.contract.source import Request
from volcast.pipeline.data.sources.files import FilesSource

SEED = 7
REPEATS = 5  # the sides take turns; the medians are reported
REQUEST = Request((), None, None, dt.datetime(2026, 1, 1, tzinfo=dt.UTC))


def simulate_bars(sessions: int, seed: int) -> pd.DataFrame:
    """Return the bars of one ticker, a random walk, with the names of Yahoo."""
    rng = np.random.default_rng([SEED, seed])
    close = 1500.0 * np.exp(np.cumsum(rng.normal(0.0, 0.01, sessions)))
    opened = close * np.exp(rng.normal(0.0, 0.003, sessions))
    return pd.DataFrame(
        {
            "Date": pd.bdate_range("2019-01-02", periods=sessions),
            "Open": opened.round(4),
            "High": (np.maximum(opened, close) * 1.005).round(4),
            "Low": (np.minimum(opened, close) * 0.995).round(4),
            "Close": close.round(4),
            "Volume": rng.integers(100_000, 10_000_000, sessions),
        }
    )


def write_plain(bars: pd.DataFrame, file: Path) -> None:
    """Write bars as plain CSV."""
    bars.to_csv(file, index=False)


def write_dressed(bars: pd.DataFrame, file: Path) -> None:
    """Write bars as an export for people: month first, thousands commas, millions."""
    text = bars.assign(
        Date=bars["Date"].dt.strftime("%m/%d/%Y"),
        Volume=(bars["Volume"] / 1e6).map("{:.2f}M".format),
        **{name: bars[name].map("{:,.4f}".format) for name in ("Open", "High", "Low", "Close")},
    )
    text.to_csv(file, index=False)


def measure(folder: Path, files: int, sessions: int) -> dict[str, float]:
    """Return the seconds of each side, and the ratios to pandas."""
    for name, write in (("plain", write_plain), ("dressed", write_dressed)):
        (folder / name).mkdir()
        for n in range(files):
            write(simulate_bars(sessions, n), folder / name / f"T{n:04d}.csv")
    sides: dict[str, Callable[[], object]] = {
        "pandas_seconds": lambda: [pd.read_csv(f) for f in sorted((folder / "plain").iterdir())],
        "volcast_plain_seconds": lambda: FilesSource(folder / "plain").load(REQUEST),
        "volcast_dressed_seconds": lambda: FilesSource(folder / "dressed").load(REQUEST),
    }
    taken: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(REPEATS):
        for name, read in sides.items():
            started = time.perf_counter()
            read()
            taken[name].append(time.perf_counter() - started)
    figures = {name: float(np.median(seconds)) for name, seconds in taken.items()}
    for kind in ("plain", "dressed"):
        ratio = figures[f"volcast_{kind}_seconds"] / figures["pandas_seconds"]
        figures[f"ratio_{kind}"] = ratio
    return figures


def main() -> None:
    """Measure and print."""
    parser = build_parser(__doc__)
    parser.add_argument("--files", type=int, default=500)
    parser.add_argument("--sessions", type=int, default=1260)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(Path(folder), arguments.files, arguments.sessions)
    print_figures(figures, ".3f")
    write_figures(figures, arguments.json)


if __name__ == "__main__":
    main()
