"""The vintages that ship with volcast, made again; and whether they are what is in the repository.

Usage: python -m benchmarks.shipped_vintages --data us_daily.parquet --kinds us_daily_symbols.csv
    --edgar earnings_edgar.csv --dates earnings_dates.csv --vix vix_daily.csv --out DIR
    [--vintages 2003-12:2017-12:12] [--compare] [--json FILE]

Trains on the 700 most traded stocks and ETFs of the panel. The report dates of EDGAR (days without
a time) are used before the first of the other file, whose dates have times. `--compare` compares
the networks with those that ship: on the same machine they are equal bit for bit.
"""

import argparse
import datetime as dt
import tempfile
import time
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console

from benchmarks._output import build_parser, write_figures
from volcast.models.pretrained.vintage import have_equal_weights
from volcast.models.pretrained.vintage_folder import load_vintage, read_record
from volcast.pipeline.config.load import load_config
from volcast.pipeline.config.settings import SHIPPED_VINTAGES, Config
from volcast.pipeline.pretraining.command import pretrain_vintages
from volcast.pipeline.progress import PlainProgress
from volcast.pipeline.vintages.catalogue import find_vintages

TICKERS = 700
LICENCE = "reported as CC0 by third parties (Huge Stock Market Dataset, data of Stooq)"


def merge_report_dates(edgar: Path, dates: Path) -> pd.DataFrame:
    """Return the days of `edgar` before the first of `dates`, and all of `dates`."""
    timed = pd.read_csv(dates, dtype=str)
    days = pd.read_csv(edgar, dtype=str)
    earlier = days[days["date"] < timed["date"].min()].assign(time="unknown")
    merged: pd.DataFrame = pd.concat([earlier, timed], ignore_index=True)
    return merged


def build_config(arguments: argparse.Namespace, events: Path) -> Config:
    """Return the settings of the pretraining."""
    data = {
        "source": "files",
        "path": str(arguments.data),
        "events": [str(events)],
        "exogenous": [f"^VIX={arguments.vix}"],
        "start": dt.date(1998, 1, 1),
    }
    return load_config(None, {"data": data})


def compare_with_shipped(folders: list[Path]) -> dict[str, bool]:
    """Return whether each network is equal to the one that ships."""
    shipped = {each.name: each.folder for each in find_vintages(load_config(None))}
    return {
        folder.name: folder.name in shipped
        and have_equal_weights(load_vintage(folder), load_vintage(shipped[folder.name]))
        for folder in folders
    }


def main() -> None:
    """Train the vintages and report what they reached."""
    parser = build_parser(__doc__)
    for name in ("data", "kinds", "edgar", "dates", "vix", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--vintages", default="2003-12:2017-12:12", help="FIRST:LAST:MONTHS")
    parser.add_argument("--compare", action="store_true", help=f"with {SHIPPED_VINTAGES}")
    arguments = parser.parse_args()
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as scratch:
        events = Path(scratch) / "report_dates.csv"
        merge_report_dates(arguments.edgar, arguments.dates).to_csv(events, index=False)
        folders = pretrain_vintages(
            build_config(arguments, events),
            arguments.out,
            cutoffs=(None, arguments.vintages),
            tickers=TICKERS,
            kinds=arguments.kinds,
            licence=LICENCE,
            now=dt.datetime.now(dt.UTC),
            progress=PlainProgress(Console(stderr=True)),
        )
    figures: dict[str, Any] = {"seconds": round(time.perf_counter() - start, 1)}
    figures["reached"] = {f.name: read_record(f)["card"]["reached"] for f in folders}
    size = sum(file.stat().st_size for f in folders for file in f.iterdir())
    figures["megabytes"] = round(size / 1e6, 2)
    if arguments.compare:
        figures["equal"] = compare_with_shipped(folders)
    for name, reached in figures["reached"].items():
        for rows, found in reached.items():
            ratios = "/".join(f"{r:.3f}" for r in found["ratio_to_har"].values())
            print(f"{name}  {rows:<32} {ratios}  {found['rows']:>9,} rows")
    print({key: figures[key] for key in figures if key != "reached"})
    write_figures(figures, arguments.json)


if __name__ == "__main__":
    main()
