"""What the commands print: tables for people, plain records for scripts."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from volcast.pipeline.backtest.run_folder import (
    FEATURES,
    FORECASTS,
    REPORT_HTML,
    collect_failures,
    read_config,
    read_table,
)
from volcast.pipeline.errors import RunFolderError


def console() -> Console:
    """Return the console for progress: standard error, so that standard output stays clean."""
    return Console(stderr=True)


def print_table(table: Table) -> None:
    """Print a table to standard output; all columns also where the output is no terminal."""
    out = Console()
    if not out.is_terminal:
        out = Console(width=140)
    out.print(table)


def forecast_rows(folder: Path) -> list[dict[str, Any]]:
    """Return the newest forecast of each ticker and horizon, volatilities in annualised percent.

    Raises
    ------
    RunFolderError
        The folder is no run, or the run has no forecasts yet.
    """
    from volcast.models.baselines.catalogue import NETWORK, REFERENCE
    from volcast.pipeline.backtest.evaluation import add_volatility, today_table

    config = read_config(folder)
    table = add_volatility(read_table(folder / FORECASTS), config)
    table = table[table["variance"].notna()]
    columns = ["ticker", "session", "variance"]
    bars = read_table(folder / FEATURES, columns=columns)
    today = today_table(bars, config).set_index("ticker")["volatility"]
    newest = table.sort_values("origin").groupby(["ticker", "horizon", "model"], sort=False).tail(1)
    if newest.empty:
        raise RunFolderError(f"{folder} holds no forecast; run `volcast run --out {folder}` again")
    reference = newest[newest["model"] == REFERENCE].set_index(["ticker", "horizon"])["volatility"]
    rows = newest[newest["model"] == NETWORK].sort_values(["ticker", "horizon"])
    records: list[Any] = rows.to_dict("records")
    return [_row(record, today, reference) for record in records]


def forecast_table(rows: list[dict[str, Any]]) -> Table:
    """Return the forecasts as a table."""
    table = Table(title="Volatility, annualised %", title_justify="left", box=SIMPLE_HEAD)
    for name in ("ticker", "known to", "from", "to", "days"):
        table.add_column(name)
    for name in ("volatility", "interval", "today", "HAR"):
        table.add_column(name, justify="right")
    for row in rows:
        bounds = [_number(row["lower"]), _number(row["upper"])]
        table.add_row(
            *(escape(row["ticker"]), row["origin"], row["target_start"], row["target_end"]),
            str(row["horizon"]),
            *(_number(row["volatility"]), " - ".join(bounds)),
            *(_number(row["today"]), _number(row["har"])),
        )
    return table


def frame_table(frame: pd.DataFrame, title: str, *, digits: int = 6) -> Table:
    """Return a finished table: numbers to the right, nothing for what is missing."""
    table = Table(title=escape(title), title_justify="left", box=SIMPLE_HEAD)
    for name in frame.columns:
        kind = frame[name].dtype
        numbers = pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind)
        table.add_column(escape(str(name)), justify="right" if numbers else "left")
    for row in frame.itertuples(index=False):
        table.add_row(*("" if pd.isna(cell) else escape(_cell(cell, digits)) for cell in row))
    return table


def frame_records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return any frame as JSON holds it: every number whole, dates in ISO format, else null."""
    return [
        {name: _plain(value) for name, value in zip(frame.columns, row, strict=True)}
        for row in frame.itertuples(index=False, name=None)
    ]


def json_text(value: Any, *, indent: int | None = 1) -> str:
    """Return a value as JSON: NaN, infinities and what is missing as null, dates in ISO form."""
    return json.dumps(_jsonable(value), indent=indent, allow_nan=False)


def run_summary(folder: Path, manifest: dict[str, Any]) -> dict[str, Any]:
    """Return what a script wants to know of a finished run."""
    stages = manifest["stages"]
    return {
        "run_dir": str(folder),
        "report": str(folder / REPORT_HTML),
        "verdict": stages["evaluate"]["summary"]["verdict"],
        "training": stages["train"]["summary"]["verdict"],
        "failures": collect_failures(manifest),
        "notes": stages["download"]["summary"].get("notes", []),
        "seconds": {name: stage["seconds"] for name, stage in stages.items()},
        "forecasts": forecast_rows(folder),
    }


def _row(row: dict[str, Any], today: pd.Series, reference: pd.Series) -> dict[str, Any]:
    dates = {name: f"{row[name]:%Y-%m-%d}" for name in ("origin", "target_start", "target_end")}
    numbers = {
        "volatility": row["volatility"],
        "lower": row["volatility_lower"],
        "upper": row["volatility_upper"],
        "today": today.get(row["ticker"]),
        "har": reference.get((row["ticker"], row["horizon"])),
    }
    plain = {name: _rounded(value) for name, value in numbers.items()}
    return {"ticker": row["ticker"], "horizon": row["horizon"], **dates, **plain}


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


def _rounded(value: float | None) -> float | None:
    return None if value is None or pd.isna(value) else round(float(value), 2)


def _cell(value: object, digits: int) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}" if value == value.normalize() else f"{value:%Y-%m-%d %H:%M}"
    return f"{value:,.{digits}g}" if isinstance(value, float) else str(value)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"
