"""Response time of `volcast --help` and `--version`, compared with an empty Python program.

Usage: python -m benchmarks.startup [--repeats 11] [--json FILE]
"""

import statistics
import subprocess
import sys
import time
from pathlib import Path

if __package__ in (None, ""):  # as a script
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks._output import build_parser, print_figures, write_figures

COMMANDS = {
    "empty_python": ["-c", "pass"],
    "help": ["-m", "volcast", "--help"],
    "version": ["-m", "volcast", "--version"],
}


def time_command(command: list[str]) -> float:
    """Return the wall-clock seconds of one fresh process."""
    start = time.perf_counter()
    subprocess.run([sys.executable, *command], check=True, capture_output=True)
    return time.perf_counter() - start


def main() -> None:
    """Run the commands in turn and report the medians."""
    parser = build_parser(__doc__)
    parser.add_argument("--repeats", type=int, default=11)
    arguments = parser.parse_args()
    seconds: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(arguments.repeats):
        for name, command in COMMANDS.items():
            seconds[name].append(time_command(command))
    figures = {f"{name}_seconds": round(statistics.median(x), 3) for name, x in seconds.items()}
    print_figures(figures)
    write_figures(figures, arguments.json)


if __name__ == "__main__":
    main()
