"""How every benchmark takes `--json` and reports its figures."""

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


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
    """Write the figures as JSON, if a path is given."""
    if path is not None:
        path.write_text(json.dumps(figures, indent=2) + "\n")
