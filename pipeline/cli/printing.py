"""Prints results: tables for people, JSON for scripts, progress on standard error."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from volcast.pipeline.progress import Progress, make_progress

PIPE_WIDTH = 140  # characters; wide enough for all columns of every table


def stderr_progress(quiet: bool) -> Progress:
    """Return a progress display on standard error, so that standard output holds the result."""
    return make_progress(Console(stderr=True), quiet)


def print_json(value: Any, *, indent: int | None = 1) -> None:
    """Print a value as `json_text` formats it."""
    typer.echo(json_text(value, indent=indent))


def print_frame(frame: pd.DataFrame, title: str, *, digits: int = 6) -> None:
    """Print a frame as a table; underscores in its column names become spaces."""
    readable = frame.rename(columns=lambda name: str(name).replace("_", " "))
    print_table(frame_table(readable, title, digits=digits))


def print_table(table: Table) -> None:
    """Print a table to standard output; every column also where that is not a terminal."""
    out = Console()
    if not out.is_terminal:
        out = Console(width=PIPE_WIDTH)
    out.print(table)


def frame_table(frame: pd.DataFrame, title: str, *, digits: int = 6) -> Table:
    """Return a frame as a table: numbers right-aligned, missing values blank.

    Parameters
    ----------
    frame
        The rows to print; its index is ignored.
    title
        The title above the table.
    digits
        Significant digits of floating-point numbers.
    """
    table = Table(title=escape(title), title_justify="left", box=SIMPLE_HEAD)
    for name in frame.columns:
        kind = frame[name].dtype
        numbers = pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind)
        table.add_column(escape(str(name)), justify="right" if numbers else "left")
    for row in frame.itertuples(index=False):
        table.add_row(*("" if pd.isna(cell) else escape(_cell(cell, digits)) for cell in row))
    return table


def frame_records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a frame as JSON holds them: full precision, ISO dates, null if missing.

    Examples
    --------
    >>> frame_records(pd.DataFrame({"day": [pd.Timestamp("2018-01-03")], "loss": [float("nan")]}))
    [{'day': '2018-01-03', 'loss': None}]
    """
    return [
        {name: _plain(value) for name, value in zip(frame.columns, row, strict=True)}
        for row in frame.itertuples(index=False, name=None)
    ]


def json_text(value: Any, *, indent: int | None = 1) -> str:
    """Return a value as JSON: NaN, infinities and missing values as null, dates in ISO format.

    Examples
    --------
    >>> json_text({"loss": float("nan"), "origin": dt.date(2018, 1, 3)}, indent=None)
    '{"loss": null, "origin": "2018-01-03"}'
    """
    return json.dumps(_jsonable(value), indent=indent, allow_nan=False)


def _jsonable(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _jsonable(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_jsonable(each) for each in value]
    if isinstance(value, np.generic):
        value = value.item()
    if value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dt.date | dt.datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Path) else value


def _plain(value: Any) -> Any:
    if value is None or pd.isna(value):
        return None
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}" if value.tzinfo is None else value.isoformat()
    return value


def _cell(value: object, digits: int) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}" if value == value.normalize() else f"{value:%Y-%m-%d %H:%M}"
    return f"{value:,.{digits}g}" if isinstance(value, float) else str(value)
