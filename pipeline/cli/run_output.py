"""What the commands print of a finished run: its newest forecasts and its summary."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from volcast.pipeline.backtest.run_folder import REPORT_HTML, collect_failures, read_manifest
from volcast.pipeline.library.newest import build_newest_table, build_pretrained_table

if TYPE_CHECKING:
    from volcast.pipeline.config.settings import Config
    from volcast.pipeline.progress import Progress

HEADINGS = ("ticker", "as of", "from", "to", "days")
NUMBER_HEADINGS = ("volatility", "interval", "last", "HAR")


def load_newest_forecasts(folder: Path) -> list[dict[str, Any]]:
    """Return the newest forecast of each ticker and horizon, as annualised volatility in percent.

    Parameters
    ----------
    folder
        The run folder.

    Returns
    -------
    list of dict
        ``ticker, horizon, origin, target_start, target_end, volatility, lower, upper, today,
        har, without_report, report, history`` of `volcast.pipeline.library.newest`, rounded; None
        for what is not known.

    Raises
    ------
    RunFolderError
        The folder is not a run folder, or the run has no forecasts yet.
    """
    return _list_records(build_newest_table(folder))


def list_pretrained_forecasts(
    config: Config, now: dt.datetime, progress: Progress
) -> tuple[list[dict[str, Any]], str]:
    """Return the forecasts of a pretrained network alone, and its name.

    The records are those of `load_newest_forecasts`; HAR is fitted to all bars.

    Raises
    ------
    VolcastError
        Nothing can be forecast (`volcast.pipeline.vintages.forecast`).
    """
    from volcast.pipeline.vintages.forecast import forecast_with_vintage

    found = forecast_with_vintage(config, now, progress)
    for ticker, reason in found.failures.items():
        progress.note(f"{ticker} is left out: {reason}")
    return _list_records(build_pretrained_table(found, config)), found.vintage.name


def _list_records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    records: list[Any] = rows.to_dict("records")
    return [_record(row) for row in records]


def describe_combination(folder: Path) -> str:
    """Return which vintage the newest forecasts are combined with, and how much; empty for none."""
    from volcast.reports.text_tables import horizon_name

    uses = read_manifest(folder)["stages"]["train"]["summary"].get("pretrained", [])
    if not uses or not uses[-1]:
        return ""
    weights = ", ".join(
        f"{horizon_name(int(horizon))} {weight:.0%}".replace("%", " %")
        for horizon, weight in sorted(uses[-1]["weight"].items(), key=lambda item: int(item[0]))
    )
    return f"Combined with the pretrained network {uses[-1]['vintage']}: {weights}."


def forecast_table(rows: list[dict[str, Any]]) -> Table:
    """Return the records of `load_newest_forecasts` as a table; under it, short histories."""
    from volcast.reports.short_histories import EXPLANATION, list_histories

    table = Table(title="Annualised volatility (%)", title_justify="left", box=SIMPLE_HEAD)
    histories = list_histories(pd.DataFrame(rows))
    if histories:
        table.caption = escape(f"Short history: {histories}; {EXPLANATION}.")
        table.caption_justify = "left"
    for name in HEADINGS:
        table.add_column(name)
    for name in NUMBER_HEADINGS:
        table.add_column(name, justify="right")
    with_reports = any(row["report"] for row in rows)
    if with_reports:
        table.add_column("without report", justify="right")
        table.add_column("earnings")
    named: set[str] = set()
    for row in rows:
        bounds = [_format_number(row["lower"]), _format_number(row["upper"])]
        table.add_row(
            *(escape(row["ticker"]), row["origin"], row["target_start"], row["target_end"]),
            str(row["horizon"]),
            *(_format_number(row["volatility"]), " - ".join(bounds)),
            *(_format_number(row["today"]), _format_number(row["har"])),
            *(_list_report_cells(row, named) if with_reports else []),
        )
        named.add(row["ticker"])
    return table


def _list_report_cells(row: dict[str, Any], named: set[str]) -> list[str]:
    """Return the cells on a coming report; it is named once for each ticker."""
    text = "" if row["ticker"] in named else row["report"].removeprefix("reports on ")
    text = text.replace(" the ", " ")  # to fit into a line
    return [_format_number(row["without_report"]), escape(text)]


def run_summary(folder: Path, manifest: dict[str, Any]) -> dict[str, Any]:
    """Return the summary of a finished run for scripts: verdicts, failures, times, forecasts."""
    stages = manifest["stages"]
    return {
        "run_dir": str(folder),
        "report": str(folder / REPORT_HTML),
        "verdict": stages["evaluate"]["summary"]["verdict"],
        "training": stages["train"]["summary"]["verdict"],
        "failures": collect_failures(manifest),
        "notes": stages["download"]["summary"].get("notes", []),
        "seconds": {name: stage["seconds"] for name, stage in stages.items()},
        "forecasts": load_newest_forecasts(folder),
    }


def _record(row: dict[str, Any]) -> dict[str, Any]:
    dates = {name: f"{row[name]:%Y-%m-%d}" for name in ("origin", "target_start", "target_end")}
    numbers = {
        "volatility": row["volatility"],
        "lower": row["volatility_lower"],
        "upper": row["volatility_upper"],
        "today": row["today"],
        "har": row["har"],
        "without_report": row["without_report"],
    }
    rounded = {name: _round(value) for name, value in numbers.items()}
    cell = {"ticker": row["ticker"], "horizon": row["horizon"]}
    return {**cell, **dates, **rounded, "report": row["report"], "history": row["history"]}


def _round(value: float | None) -> float | None:
    return None if value is None or pd.isna(value) else round(float(value), 2)


def _format_number(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"
