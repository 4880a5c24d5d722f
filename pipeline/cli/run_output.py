"""What the commands print of a finished run: its newest forecasts and its summary."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from volcast.pipeline.backtest.run_folder import (
    BARS,
    FEATURES,
    FORECASTS,
    REPORT_HTML,
    collect_failures,
    read_config,
    read_external,
    read_manifest,
    read_table,
)
from volcast.pipeline.errors import RunFolderError
from volcast.pipeline.panel.external import ExternalData

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
        har, without_report, report, history``; ``today`` is the volatility of the last session,
        ``har`` the forecast of HAR, ``without_report`` the forecast as if no earnings report came
        (None unless one is expected), ``report`` what is known of the next one, ``history`` how
        short the ticker's history is (empty if it is not).

    Raises
    ------
    RunFolderError
        The folder is not a run folder, or the run has no forecasts yet.
    """
    from volcast.models.baselines.catalogue import NETWORK, REFERENCE
    from volcast.pipeline.backtest.forecast_file import read_newest
    from volcast.pipeline.backtest.volatility_columns import add_volatility, find_latest_volatility

    config = read_config(folder)
    newest = add_volatility(read_newest(folder / FORECASTS), config)
    bars = read_table(folder / FEATURES, columns=["ticker", "session", "variance", "level_factor"])
    if newest.empty:
        raise RunFolderError(f"{folder} has no forecasts; run `volcast run --out {folder}` again")
    reference = newest[newest["model"] == REFERENCE].set_index(["ticker", "horizon"])["volatility"]
    rows = newest[newest["model"] == NETWORK]
    today = find_latest_volatility(bars, config).set_index("ticker")["volatility"]
    sessions = read_table(folder / BARS, columns=["ticker", "session"])
    rows = _add_notes(rows, config, read_external(folder), sessions)
    return _list_records(rows, today, reference)


def list_pretrained_forecasts(
    config: Config, now: dt.datetime, progress: Progress
) -> tuple[list[dict[str, Any]], str]:
    """Return the forecasts of a pretrained network alone, and its name.

    The records are those of `load_newest_forecasts`, without the forecast of HAR.

    Raises
    ------
    VolcastError
        Nothing can be forecast (`volcast.pipeline.vintages.forecast`).
    """
    from volcast.pipeline.backtest.volatility_columns import add_volatility, find_latest_volatility
    from volcast.pipeline.vintages.forecast import forecast_with_vintage

    found = forecast_with_vintage(config, now, progress)
    for ticker, reason in found.failures.items():
        progress.note(f"{ticker} is left out: {reason}")
    rows = add_volatility(found.forecasts, config)
    today = find_latest_volatility(found.measured, config).set_index("ticker")["volatility"]
    rows = _add_notes(rows, config, found.external, found.bars)
    return _list_records(rows, today, pd.Series(dtype=float)), found.vintage.name


def _add_notes(
    rows: pd.DataFrame, config: Config, external: ExternalData, bars: pd.DataFrame
) -> pd.DataFrame:
    """Return forecasts with what is known of coming reports and of short histories.

    `bars` has a row of `ticker` and `session` for each bar.
    """
    from volcast.pipeline.config.events import list_event_entries
    from volcast.pipeline.panel.build import assign_calendars
    from volcast.pipeline.panel.coming_reports import list_coming_reports
    from volcast.pipeline.panel.short_histories import find_short_histories, list_histories
    from volcast.reports.coming_reports import COLUMNS, add_report_notes
    from volcast.reports.short_histories import add_history_notes

    reports = pd.DataFrame(columns=COLUMNS)
    if list_event_entries(config):
        calendars = assign_calendars(list(rows["ticker"].unique()), config)
        reports = list_coming_reports(external, rows["origin"].max(), calendars)
    rows = rows.sort_values(["ticker", "horizon"])
    rows = rows.rename(columns={"volatility_without_report": "without_report"})
    rows = add_report_notes(rows, reports)
    histories = list_histories(bars, find_short_histories(rows), rows["origin"].max())
    return add_history_notes(rows, histories)


def _list_records(
    rows: pd.DataFrame, today: pd.Series, reference: pd.Series
) -> list[dict[str, Any]]:
    records: list[Any] = rows.to_dict("records")
    return [_record(row, today, reference) for row in records]


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


def _record(row: dict[str, Any], today: pd.Series, reference: pd.Series) -> dict[str, Any]:
    dates = {name: f"{row[name]:%Y-%m-%d}" for name in ("origin", "target_start", "target_end")}
    numbers = {
        "volatility": row["volatility"],
        "lower": row["volatility_lower"],
        "upper": row["volatility_upper"],
        "today": today.get(row["ticker"]),
        "har": reference.get((row["ticker"], row["horizon"])),
        "without_report": row["without_report"],
    }
    rounded = {name: _round(value) for name, value in numbers.items()}
    cell = {"ticker": row["ticker"], "horizon": row["horizon"]}
    return {**cell, **dates, **rounded, "report": row["report"], "history": row["history"]}


def _round(value: float | None) -> float | None:
    return None if value is None or pd.isna(value) else round(float(value), 2)


def _format_number(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"
