"""Filings of results against report dates: how far apart they lie, and the speed of versions.

Usage: python -m benchmarks.event_dates [--filings CSV --reports CSV] [--json FILE]

`filings` are days of Forms 8-K with results, `reports` the report dates of the same tickers; each
filing is compared with the nearest report. Without them only the speed is measured, on versions of
the dates of 3,300 tickers drawn at random.
"""

import argparse
import datetime as dt
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks._output import build_parser, print_figures, write_figures
from volcast.pipeline.events.event_files import list_event_tickers, load_event_files
from volcast.pipeline.events.event_table import to_event_table
from volcast.pipeline.events.revisions import MAX_MOVE, SAME_REPORT, active_versions

TICKERS, ROWS = 3300, 100
NOW = dt.datetime(2026, 11, 29, tzinfo=dt.UTC)


def compare_dates(filings_file: Path, reports_file: Path) -> dict[str, Any]:
    """Return the shares of filings by their distance in days from the nearest report."""
    tickers = list_event_tickers(reports_file)
    reports = load_event_files(reports_file, tickers, NOW).events
    filings = load_event_files(filings_file, tickers, NOW).events
    covered = filings["date"].between(reports["date"].min(), reports["date"].max())
    nearest = pd.merge_asof(
        filings[covered].sort_values("date"),
        reports.assign(report=reports["date"]).sort_values("date"),
        on="date",
        by="ticker",
        direction="nearest",
    )
    days = (nearest["date"] - nearest["report"]).dt.days
    gaps = reports.groupby("ticker")["date"].diff().dt.days.dropna()
    return {
        "filings": len(days),
        "on the day": float((days == 0).mean()),
        "the day after": float((days == 1).mean()),
        f"up to {SAME_REPORT} days before": float(days.between(-SAME_REPORT, -1).mean()),
        f"{SAME_REPORT + 1} to {MAX_MOVE} days before": float(
            days.between(-MAX_MOVE, -SAME_REPORT - 1).mean()
        ),
        f"2 to {MAX_MOVE} days after": float(days.between(2, MAX_MOVE).mean()),
        f"reports within {MAX_MOVE} days of the one before": float((gaps <= MAX_MOVE).mean()),
    }


def measure_speed() -> dict[str, Any]:
    """Return the seconds that the versions of many tickers take."""
    rng = np.random.default_rng(0)
    count = TICKERS * ROWS
    days = np.datetime64("2010-01-20") + 91 * rng.integers(0, 60, count)
    learnt = (days - rng.integers(0, 80, count)).astype("datetime64[us]")
    events = to_event_table(
        pd.DataFrame(
            {
                "ticker": np.char.add("T", rng.integers(0, TICKERS, count).astype(str)),
                "date": days + rng.integers(-5, 6, count),
                "learnt_at": learnt,
                "authoritative": rng.random(count) < 0.2,
            }
        )
    )
    started = time.perf_counter()
    versions = active_versions(events)
    seconds = time.perf_counter() - started
    return {"rows": len(events), "versions": len(versions), "seconds": seconds}


def main(arguments: argparse.Namespace) -> None:
    """Print the figures."""
    figures = measure_speed()
    if arguments.filings and arguments.reports:
        figures |= compare_dates(arguments.filings, arguments.reports)
    print_figures(figures)
    write_figures(figures, arguments.json)


if __name__ == "__main__":
    parser = build_parser(__doc__)
    parser.add_argument("--filings", type=Path, help="CSV of days on which results were filed")
    parser.add_argument("--reports", type=Path, help="CSV of report dates")
    main(parser.parse_args())
