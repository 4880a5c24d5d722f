"""A year of daily runs: how long they take, and whether they equal the walk-forward.

Usage: python -m benchmarks.replay [--sessions 250] [--json FILE]

The embedded prices from 2008-01-02 on, with a challenger every 22 sessions and at no other time, as
in the walk-forward. The time includes MLflow, compilation and monitoring, but not the building of
the panel. The forecasts and intervals of the newest network and of HAR are compared, bit for bit,
with the walk-forward of the same settings; ten are computed again from the bars up to their day.
"""

import datetime as dt
import tempfile
import time
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks._output import build_parser, print_figures, write_figures
from volcast.pipeline.backtest.evaluation import build_forecast_table
from volcast.pipeline.backtest.folds import build_folds
from volcast.pipeline.backtest.walk_forward import iter_folds
from volcast.pipeline.config.load import load_config
from volcast.pipeline.config.settings import Config
from volcast.pipeline.home import Home
from volcast.pipeline.job.market import Market, load_market
from volcast.pipeline.job.rebuild import make_rebuilder
from volcast.pipeline.job.replay import replay
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.progress import Progress

FIRST, EVERY, RECOMPUTED = dt.date(2008, 1, 2), 22, 10
CELL = ["origin", "ticker", "horizon", "model"]


def compare_with_walk_forward(
    ledger: Ledger, market: Market, config: Config, sessions: int
) -> dict[str, int]:
    """Return the number of forecasts compared with the walk-forward, and of those that differ."""
    folds = build_folds(market.panel, config)[: -(-sessions // EVERY)]
    results = iter_folds(market.panel, folds, config, Progress())
    tables = pd.concat([result.forecasts for result in results], ignore_index=True)
    walk_forward = build_forecast_table(tables, config.report.interval)
    written = ledger.table("forecasts")
    number = pd.to_numeric(written["model_version"], errors="coerce").fillna(-1)
    newest = number.groupby([written[name] for name in CELL]).transform("max") == number
    both = written[newest].merge(walk_forward, on=CELL, suffixes=("", "_walk_forward"))
    unequal = sum(
        int((both[n] != both[f"{n}_walk_forward"]).sum()) for n in ("variance", "lower", "upper")
    )
    return {"compared": len(both), "differing": unequal}


def main() -> None:
    """Replay a year, compare it with the walk-forward and report the figures."""
    parser = build_parser(__doc__)
    parser.add_argument("--sessions", type=int, default=250)
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
            figures["days"] = len(summaries)
            figures["issued"] = len(issued)
            figures["trainings"] = sum(bool(summary.trained) for summary in summaries)
            figures |= compare_with_walk_forward(ledger, market, config, arguments.sessions)
            rebuild = make_rebuilder(home)
            rows = [row for row in ledger.forecast_rows() if row.model != "har"]
            picked = rows[:: max(1, len(rows) // RECOMPUTED)][:RECOMPUTED]
            figures["recomputed"] = len(picked)
            figures["recomputed_differing"] = sum(rebuild(row) != row.variance for row in picked)
    print_figures(figures)
    write_figures(figures, arguments.json)


if __name__ == "__main__":
    main()
