"""Forecast skill on a panel of stocks: every model, refitted on the same dates, on the same rows.

Usage: python benchmarks/skill.py --data PANEL.parquet [--test-start 2016-02-08] [--refit 126]
    [--symbols N] [--horizon H ...] [--models NAME ...] [--json FILE]

PANEL has columns symbol (or ticker), date, open, high, low, close, volume. The settings are those
of the product; nothing here is tuned to the panel. QLIKE is relative to direct log-HAR of each
symbol and horizon; `hac_t` is Diebold-Mariano's against it, averaged over symbols by date.
"""

import argparse
import datetime as dt
import json
import resource
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).parent.parent))

import numpy as np
import pandas as pd

from volcast.features.panel import Panel
from volcast.models.baselines.catalogue import NETWORK, REFERENCE
from volcast.pipeline.backtest.evaluation import select_tail_rows
from volcast.pipeline.backtest.walk_forward import TEST, iter_folds
from volcast.pipeline.backtest.folds import build_folds
from volcast.pipeline.config.load import load_config
from volcast.pipeline.config.settings import Config
from volcast.pipeline.data.contract.source import Request
from volcast.pipeline.data.quality.check import check
from volcast.pipeline.data.sources.files import FilesSource
from volcast.pipeline.panel.build import assign_calendars, build_grids, build_panel
from volcast.pipeline.progress import Progress
from volcast.reports.inference import diebold_mariano
from volcast.reports.risk import risk_table
from volcast.reports.scores import POOLED, scored_rows
from volcast.reports.value_at_risk import tail_forecasts

BASELINES = ("har_pooled", "har_1000", "harx", "ewma", "garch", "gjr_garch_t", "egarch", "trees")
NEEDED = ["origin", "ticker", "horizon", "model", "variance", "realized"]
NEEDED_FOR_RISK = [*NEEDED, "target_end", "part", "fold"]
RISK_OF = (REFERENCE, NETWORK)
RISK_FIGURES = ("share", "es_ratio", "tickers_passed", "tickers_green")
KIB_PER_MIB = 1024
Period = tuple[dt.date | None, dt.date | None]  # first and last day; None: no bound


def config_of(arguments: argparse.Namespace) -> Config:
    """Return the product's settings, with what the command line asks for."""
    baselines = [name for name in arguments.models if name != NETWORK]
    split = {"test_start": arguments.test_start, "refit_every": arguments.refit}
    return load_config(
        None,
        {
            "split": split,
            "target": {"horizons": arguments.horizon},
            "baselines": {"models": [REFERENCE, *baselines]},
        },
    )


def panel_from(
    path: Path, symbols: int | None, config: Config, period: Period = (None, None)
) -> Panel:
    """Return features and targets of a panel on disk, of its first `symbols` in their order.

    Bars outside `period` are left out, for choices that must not see them.
    """
    now = dt.datetime.now(dt.UTC)
    bars = FilesSource(path).load(Request((), *period, now)).bars
    if symbols is not None:
        bars = bars[bars["ticker"].isin(sorted(bars["ticker"].unique())[:symbols])]
    return checked_panel(bars, config)


def checked_panel(bars: pd.DataFrame, config: Config) -> Panel:
    """Return features and targets of bars, after the rules of quality."""
    checked = check(bars, assign_calendars(list(bars["ticker"].unique()), config))
    return build_panel(build_grids(checked.bars, config), config)


@dataclass(frozen=True)
class Walked:
    """The test forecasts of all folds, seconds by model, and what value at risk is made from."""

    forecasts: pd.DataFrame
    seconds: dict[str, float]
    one_session: pd.DataFrame


def walked(panel: Panel, config: Config) -> Walked:
    """Walk forward over the panel."""
    tables, one_session, seconds = [], [], Counter[str]()
    for result in iter_folds(panel, build_folds(panel, config), config, Progress()):
        table = result.forecasts
        tables.append(table.loc[table["part"] == TEST, NEEDED])
        chosen = (table["horizon"] == 1) & table["model"].isin(RISK_OF)
        one_session.append(table.loc[chosen, NEEDED_FOR_RISK])
        seconds.update(result.seconds)
    return Walked(pd.concat(tables, ignore_index=True), dict(seconds), pd.concat(one_session))


def risks(one_session: pd.DataFrame, panel: Panel) -> dict[str, dict[str, dict[str, float]]]:
    """Return the pooled backtests of value at risk by level and model."""
    table = risk_table(tail_forecasts(select_tail_rows(one_session, panel)))
    pooled = table[table["ticker"] == POOLED]
    found: dict[str, dict[str, dict[str, float]]] = {}
    for row in pooled.to_dict("records"):
        figures = {name: round(float(row[name]), 4) for name in RISK_FIGURES}
        found.setdefault(f"{row['level']:g}", {})[str(row["model"])] = figures
    return found


def scores(forecasts: pd.DataFrame, horizon: int) -> dict[str, dict[str, float]]:
    """Return the scores of every model at a horizon, all on the same rows."""
    rows = scored_rows(forecasts[forecasts["horizon"] == horizon])
    parts = {str(model): part for model, part in rows.groupby("model", sort=False)}
    reference = parts[REFERENCE]
    return {model: score(part, reference, horizon) for model, part in parts.items()}


def score(part: pd.DataFrame, reference: pd.DataFrame, horizon: int) -> dict[str, float]:
    """Return the scores of one model; its rows are those of the reference, in the same order."""
    difference = part["qlike"].to_numpy() - reference["qlike"].to_numpy()
    by_symbol = pd.Series(difference).groupby(part["ticker"].to_numpy()).mean()
    outcome, forecast = np.log(part["realized"]), np.log(part["variance"])
    test = diebold_mariano(difference, part["origin"].to_numpy(), horizon)
    return {
        "qlike": round(float(part["qlike"].mean()), 4),
        "ratio_to_har": round(float(part["qlike"].mean() / reference["qlike"].mean()), 4),
        "symbols_won": round(float((by_symbol < 0).mean()), 3),
        "hac_t": round(test.statistic, 2),
        "r2_log": round(float(1.0 - ((outcome - forecast) ** 2).mean() / outcome.var(ddof=0)), 3),
    }


def figures_of(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return all figures of one run."""
    start = time.perf_counter()
    config = config_of(arguments)
    panel = panel_from(arguments.data, arguments.symbols, config)
    done = walked(panel, config)
    horizons = {}
    for horizon in panel.horizons:
        of_models = scores(done.forecasts, horizon)
        for name, figures in of_models.items():
            figures["seconds"] = round(done.seconds[name], 1)
        scored = scored_rows(done.forecasts[done.forecasts["horizon"] == horizon])
        first = scored[scored["model"] == REFERENCE]
        counts = {"rows": len(first), "symbols": int(first["ticker"].nunique())}
        horizons[str(horizon)] = {**counts, "models": of_models}
    return {
        "horizons": horizons,
        "value_at_risk": risks(done.one_session, panel) if 1 in panel.horizons else {},
        "seconds": round(time.perf_counter() - start, 1),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // KIB_PER_MIB,
    }


def show(figures: dict[str, Any]) -> None:
    """Print a table a horizon."""
    for horizon, found in figures["horizons"].items():
        print(f"\nhorizon {horizon}: {found['rows']:,} rows, {found['symbols']} symbols")
        columns = ("qlike", "ratio_to_har", "symbols_won", "hac_t", "r2_log", "seconds")
        print(f"{'model':<14}" + "".join(f"{name:>14}" for name in columns))
        for model, score_of in sorted(found["models"].items(), key=lambda item: item[1]["qlike"]):
            print(f"{model:<14}" + "".join(f"{score_of[name]:>14}" for name in columns))
    for level, of_model in figures["value_at_risk"].items():
        for model, risk in of_model.items():
            print(f"value at risk {level:<5} {model:<10} {risk}")
    print(f"\n{figures['seconds']} s in all, {figures['peak_mib']} MiB")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the comparison, print it and write it where asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="a panel, CSV or Parquet")
    parser.add_argument("--test-start", type=dt.date.fromisoformat, default=None)
    parser.add_argument("--refit", type=int, default=126, help="sessions between refits")
    parser.add_argument("--symbols", type=int, help="only the first so many, by name")
    parser.add_argument("--horizon", type=int, nargs="+", default=[1, 5, 22])
    parser.add_argument("--models", nargs="+", default=[*BASELINES, NETWORK])
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    given = parser.parse_args(arguments)
    figures = figures_of(given)
    show(figures)
    if given.json:
        given.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
