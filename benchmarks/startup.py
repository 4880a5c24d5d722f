"""Response time of every `--help` and of every command that only reads.

Usage: python -m benchmarks.startup [--repeats 5] [--folder DIR] [--json FILE]

Each command runs in a fresh process; the medians of processor seconds (user and system) and of
wall-clock seconds are reported beside the limit, and the empty Python program beside them. A run,
a home and stored prices on the embedded indices are made first, unless `--folder` has them from an
earlier call.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

if __package__ in (None, ""):  # as a script
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks._output import build_parser, write_figures

VOLCAST = ["-m", "volcast"]
WIDTH = 56  # of the names of the commands
HELP_LIMIT = 0.3  # processor seconds
READING_LIMIT = 1.0
ALERTS_ARE_OPEN = 3  # exit code of `retrain`
SETTINGS = """
[data]
source = "sample"
[split]
test_start = "2017-01-01"
[model]
members = 2
epochs = 4
pretrained = "none"
[baselines]
models = ["har", "ewma"]
"""
# {run}, {home} and {store} are the folders that `prepare` makes.
READING = (
    "forecast {run}",
    "report {run}",
    "ledger show --home {home}",
    "ledger show decisions --home {home}",
    "ledger score --home {home}",
    "ledger verify --home {home}",
    "ledger export --home {home} --out {store}/ledger.csv",
    "models list --home {home}",
    "models show 1 --home {home}",
    "models compare 1 2 --home {live}",
    "data status --data-dir {store}",
    "data check --data-dir {store}",
    "data vintages ^GSPC --data-dir {store}",
    "schedule show --source sample",
    "config",
    "retrain --home {live}",
)


def run(words: list[str]) -> None:
    """Run a command in a fresh process; raise if it fails."""
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True)
    if done.returncode not in (0, ALERTS_ARE_OPEN):
        raise SystemExit(f"{' '.join(words)} failed:\n{done.stderr}")


def measure(words: list[str]) -> tuple[float, float]:
    """Return the processor and wall-clock seconds of one fresh process."""
    before, start = os.times(), time.perf_counter()
    run(words)
    wall, after = time.perf_counter() - start, os.times()
    used = after.children_user + after.children_system
    return used - before.children_user - before.children_system, wall


def prepare(folder: Path) -> dict[str, Path]:
    """Return the folders of a run, a live and a replayed home and a store, made if missing."""
    places = {name: folder / name for name in ("run", "live", "home", "store")}
    if places["store"].exists():
        return places
    config = folder / "settings.toml"
    config.write_text(SETTINGS)
    chosen = ["--config", str(config)]
    run([*VOLCAST, "run", *chosen, "--out", str(places["run"])])
    run([*VOLCAST, "retrain", *chosen, "--home", str(places["live"])])
    period = ["--from", "2018-11-01", "--to", "2018-12-31"]
    run([*VOLCAST, "replay", *chosen, *period, "--home", str(places["home"])])
    bars = str(places["run"] / "bars.parquet")
    run([*VOLCAST, "data", "import", bars, "--data-dir", str(places["store"])])
    return places


def list_help() -> Iterator[str]:
    """Yield the help of the application, of every group and of every command."""
    import typer

    from volcast.pipeline.cli.app import app

    todo = [("", typer.main.get_command(app))]
    while todo:
        words, command = todo.pop()
        yield f"{words} --help".strip()
        members = getattr(command, "commands", {})
        todo += [(f"{words} {name}".strip(), each) for name, each in members.items()]


def main() -> None:
    """Measure every command in turn, and report the medians."""
    parser = build_parser(__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="keep what the commands read in this folder")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        places = {name: str(path) for name, path in prepare(folder).items()}
        commands = {"python -c pass": (["-c", "pass"], HELP_LIMIT)}
        for line in sorted(list_help()):
            commands[line] = ([*VOLCAST, *line.split()], HELP_LIMIT)
        for line in READING:
            words = [word.format(**places) for word in line.split()]
            commands[line] = ([*VOLCAST, *words], READING_LIMIT)
        figures = report(commands, arguments.repeats)
    write_figures(figures, arguments.json)


def report(
    commands: dict[str, tuple[list[str], float]], repeats: int
) -> dict[str, dict[str, float]]:
    """Print a line for each command; return its figures by its name."""
    figures = {}
    print(f"{'command':<{WIDTH}}{'processor':>10}{'wall':>8}{'limit':>7}")
    for name, (words, limit) in commands.items():
        rounds = [measure(words) for _ in range(repeats)]
        processor, wall = (statistics.median(column) for column in zip(*rounds, strict=True))
        late = "  above" if processor > limit else ""
        print(f"{name:<{WIDTH}}{processor:>10.2f}{wall:>8.2f}{limit:>7.1f}{late}", flush=True)
        figures[name] = {"processor_seconds": round(processor, 3), "wall_seconds": round(wall, 3)}
    return figures


if __name__ == "__main__":
    main()
