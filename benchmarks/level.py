"""The level of the network's forecasts: squared returns over forecast variance, by ticker and year.

Usage: python -m benchmarks.level [--data PANEL.parquet] [--test-start 2016-02-08] [--json FILE]

Without a panel the embedded indices are forecast from 2008 to 2018 with the default settings.
`ratio` is mean squared return over mean forecast variance of the next session (1 is right),
`beyond` the share of returns beyond 1.96 forecast standard deviations. `uncalibrated` is the ratio
without the level factor. Of a panel, quantiles over its tickers are given.
"""

import argparse
import datetime as dt
import sys
import tempfile
from pathlib import Path
from typing import Any

if __package__ in (None, ""):  # as a script
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import pandas as pd

from benchmarks._output import build_parser, print_figures, write_figures
from volcast.models.baselines.catalogue import NETWORK, REFERENCE
from volcast.pipeline.backtest.run import run
from volcast.pipeline.backtest.run_folder import FORECASTS
from volcast.pipeline.config.load import load_config
from volcast.pipeline.config.settings import Config
from volcast.reports.scoring.level import ALL_YEARS, level_table
from volcast.reports.scoring.scores import POOLED

FEW_TICKERS = 6
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


def build_config(data: Path | None, test_start: dt.date | None) -> Config:
    """Return the default settings for the embedded indices or a panel, with HAR as baseline."""
    source = {"source": "sample"} if data is None else {"source": "files", "path": str(data)}
    return load_config(
        None,
        {
            "data": source,
            "split": {"test_start": test_start},
            "target": {"horizons": [1]},
            "baselines": {"models": [REFERENCE]},
        },
    )


def measure(forecasts: pd.DataFrame) -> dict[str, Any]:
    """Return the figures of the network's forecasts."""
    raw = forecasts.assign(variance=forecasts["variance"] / forecasts["level_factor"])
    levels, before = (level_table(table, NETWORK) for table in (forecasts, raw))
    total = levels[levels["year"] == ALL_YEARS].set_index("ticker")
    total["uncalibrated"] = before[before["year"] == ALL_YEARS].set_index("ticker")["ratio"]
    columns = ["ratio", "standard_error", "beyond", "uncalibrated"]
    tickers = total.drop(index=POOLED)
    figures: dict[str, Any] = {
        "rows": int(total["rows"].to_dict()[POOLED]),
        "tickers": len(tickers),
    }
    if len(tickers) <= FEW_TICKERS:
        figures |= {str(name): row.round(3).to_dict() for name, row in tickers[columns].iterrows()}
        years = levels[(levels["year"] != ALL_YEARS) & (levels["ticker"] != POOLED)]
        for name, part in years.groupby("ticker"):
            by_year = zip(part["year"], part["ratio"].round(2), strict=True)
            figures[f"{name} by year"] = dict(by_year)
        return figures
    for column in ("ratio", "uncalibrated", "beyond"):
        spread = tickers[column].quantile(list(QUANTILES)).round(3)
        figures[f"{column} quantiles"] = {f"{q:g}": float(x) for q, x in spread.items()}
    return figures


def main() -> None:
    """Run the backtest and report the figures."""
    parser = build_parser(__doc__)
    parser.add_argument("--data", type=Path, help="a panel, CSV or Parquet")
    parser.add_argument("--test-start", type=dt.date.fromisoformat, help="first tested day")
    arguments: argparse.Namespace = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        config = build_config(arguments.data, arguments.test_start)
        run(Path(folder), config, now=dt.datetime.now(dt.UTC), until="evaluate")
        figures = measure(pd.read_parquet(Path(folder) / FORECASTS))
    print_figures(figures)
    write_figures(figures, arguments.json)


if __name__ == "__main__":
    main()
