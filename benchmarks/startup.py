"""How soon the command answers: `volcast --help` and `--version`, beside an empty Python program.

Usage: python benchmarks/startup.py [--repeats 11] [--json FILE]
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

COMMANDS = {
    "empty_python": ["-c", "pass"],
    "help": ["-m", "volcast", "--help"],
    "version": ["-m", "volcast", "--version"],
}


def seconds_of(command: list[str]) -> float:
    """Return the wall-clock seconds of one fresh process."""
    start = time.perf_counter()
    subprocess.run([sys.executable, *command], check=True, capture_output=True)
    return time.perf_counter() - start


def main() -> None:
    """Run the commands in turn; print the medians and write them where asked."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=11)
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    arguments = parser.parse_args()
    seconds: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(arguments.repeats):
        for name, command in COMMANDS.items():
            seconds[name].append(seconds_of(command))
    figures = {f"{name}_seconds": round(statistics.median(x), 3) for name, x in seconds.items()}
    for name, figure in figures.items():
        print(f"{name:>22} {figure}")
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
