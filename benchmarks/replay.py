"""A year of evenings: how long the daily cycle takes, and whether it is the walk-forward.

Usage: python -m benchmarks.replay [--sessions 250] [--json FILE]

The embedded prices from 2008-01-02 on, a challenger every 22 sessions and at no other time, as the
walk-forward has it. Seconds are with MLflow, compilation and monitoring, without the making of the
panel. The newest network's and HAR's forecasts and intervals are compared, bit for bit, with the
walk-forward of the same settings; ten evenings are forecast again from the bars up to them.
"""

import argparse
import datetime as dt
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import pandas as pd

from volcast.pipeline.backtest.evaluation import build_forecast_table
from volcast.pipeline.backtest.walk_forward import iter_folds
from volcast.pipeline.backtest.folds import build_folds
from volcast.pipeline.config.load import load_config
from volcast.pipeline.config.settings import Config
from volcast.pipeline.home import Home
from volcast.pipeline.job.market import Market, load_market
from volcast.pipeline.job.rebuild import rebuilder
from volcast.pipeline.job.replay import replay
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.progress import Progress

FIRST, EVERY, AGAIN = dt.date(2008, 1, 2), 22, 10
CELL = ["origin", "ticker", "horizon", "model"]


def differing(ledger: Ledger, market: Market, config: Config, sessions: int) -> dict[str, int]:
    """Return how many forecasts were compared with the walk-forward, and how many differ."""
    folds = build_folds(market.panel, config)[: -(-sessions // EVERY)]
    results = iter_folds(market.panel, folds, config, Progress())
    tables = pd.concat([result.forecasts for result in results], ignore_index=True)
    walked = build_forecast_table(tables, config.report.interval)
    written = ledger.table("forecasts")
    number = pd.to_numeric(written["model_version"], errors="coerce").fillna(-1)
    newest = number.groupby([written[name] for name in CELL]).transform("max") == number
    both = written[newest].merge(walked, on=CELL, suffixes=("", "_walked"))
    unequal = sum(
        int((both[n] != both[f"{n}_walked"]).sum()) for n in ("variance", "lower", "upper")
    )
    return {"compared": len(both), "differing": unequal}


def main() -> None:
    """Replay, compare, print and write where asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--sessions", type=int, default=250)
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    arguments = parser.parse_args()
    sections: dict[str, dict[str, Any]] = {
        "split": {"test_start": FIRST, "refit_every": EVERY},
        "baselines": {"models": ["har"]},
        "job": {"retrain_every": EVERY, "retrain_on_drift": False},
    }
    config = load_config(None, sections)
    market = load_market(config, dt.datetime.now(dt.UTC))
    sessions = market.panel.sessions
    last = sessions[sessions.searchsorted(pd.Timestamp(FIRST)) + arguments.sessions - 1].date()
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        start = time.perf_counter()
        summaries = list(replay(home, config, market, (FIRST, last), Progress()))
        figures: dict[str, Any] = {"seconds": round(time.perf_counter() - start, 1)}
        with Ledger.to_read(home.ledger) as ledger:
            issued = ledger.table("forecasts").query("role == 'champion'")
            figures["evenings"] = len(summaries)
            figures["issued"] = len(issued)
            figures["trainings"] = sum(bool(summary.trained) for summary in summaries)
            figures |= differing(ledger, market, config, arguments.sessions)
            again = rebuilder(home)
            rows = [row for row in ledger.forecast_rows() if row.model != "har"]
            picked = rows[:: max(1, len(rows) // AGAIN)][:AGAIN]
            figures["made_again"] = len(picked)
            figures["made_otherwise"] = sum(again(row) != row.variance for row in picked)
    for name, figure in figures.items():
        print(f"{name:>16} {figure}")
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
