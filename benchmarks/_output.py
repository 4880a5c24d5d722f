"""How every benchmark takes `--json` and reports its figures."""

import argparse
import datetime as dt
import json
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

LIBRARIES = ("numpy", "pandas", "tensorflow", "keras", "scikit-learn")
CPU_INFO = Path("/proc/cpuinfo")


def build_parser(docstring: str | None) -> argparse.ArgumentParser:
    """Return a parser with the first line of a module's docstring and the option `--json`."""
    parser = argparse.ArgumentParser(description=(docstring or "").partition("\n")[0])
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    return parser


def print_figures(figures: Mapping[str, Any], number_format: str = "") -> None:
    """Print one figure per line, names right-aligned."""
    width = max(map(len, figures))
    for name, figure in figures.items():
        print(f"{name:>{width}} {figure:{number_format}}")


def write_figures(figures: Mapping[str, Any], path: Path | None) -> None:
    """Write the figures as JSON, with command, hardware, date and versions, if a path is given."""
    if path is None:
        return
    record = {
        "command": format_command(sys.argv),
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "hardware": describe_hardware(),
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in LIBRARIES},
        "figures": figures,
    }
    path.write_text(json.dumps(record, indent=2) + "\n")


def format_command(words: Sequence[str]) -> str:
    """Return the command that was run, without `--json` and the folders of files.

    Examples
    --------
    >>> format_command(["benchmarks/size.py", "--data", "my/panel.parquet", "--json", "x.json"])
    'python -m benchmarks.size --data panel.parquet'
    """
    script, *given = words
    shown, skip = [f"python -m benchmarks.{Path(script).stem}"], False
    for word in given:
        if not skip and not word.startswith("--json"):
            shown.append(Path(word).name if "/" in word else word)
        skip = word == "--json"
    return " ".join(shown)


def describe_hardware() -> str:
    """Return processor, number of cores and system in words."""
    text = CPU_INFO.read_text(encoding="utf-8") if CPU_INFO.exists() else ""
    models = [line.partition(":")[2].strip() for line in text.splitlines() if "model name" in line]
    processor = models[0] if models else platform.processor() or platform.machine()
    return f"{processor}, {os.cpu_count()} cores, {platform.system()}"
