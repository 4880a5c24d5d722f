"""Forecast skill of all models with the same refit dates and scored rows.

Usage: python -m benchmarks.skill [--data PANEL.parquet] [--test-start 2016-02-08] [--refit 126]
    [--symbols N] [--horizon H ...] [--models NAME ...] [--exogenous SERIES ...]
    [--events SOURCE ...] [--pretrained shipped|none|DIR] [--json FILE]

Without a panel: the two embedded indices, tested from 2008 on, as in the demo. PANEL has the
columns symbol (or ticker), date, open, high, low, close, volume. The settings are the defaults of
volcast; nothing is tuned to the panel. SERIES is NAME=FILE, or a name that the sample or the panel
has; the embedded indices have ^VIX unless it is "none". QLIKE is relative to the direct log-HAR of
each symbol and horizon; `hac_t` is the Diebold-Mariano statistic against it, `t_harx` and `p_harx`
the test against HAR-X. All average the losses over the symbols of a date, then over dates.
`newey_west_t` is the statistic against HAR with the errors of Newey and West.
"""

import argparse
import datetime as dt
import resource
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

if __package__ in (None, ""):  # as a script
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np
import pandas as pd

from benchmarks._output import build_parser, write_figures
from volcast.features.panel import Panel
from volcast.models.baselines.catalogue import BASELINES, NETWORK, REFERENCE
from volcast.pipeline.backtest.evaluation import add_returns, select_tail_rows
from volcast.pipeline.backtest.folds import build_folds
from volcast.pipeline.backtest.walk_forward import TEST, iter_folds
from volcast.pipeline.config.load import load_config
from volcast.pipeline.config.settings import SHIPPED_VINTAGES, Config
from volcast.pipeline.config.source_defaults import with_source_defaults
from volcast.pipeline.data.contract.source import Request
from volcast.pipeline.data.quality.check import check_bars
from volcast.pipeline.data.sources.files import FilesSource
from volcast.pipeline.data.sources.sample import SampleSource
from volcast.pipeline.panel.build import assign_calendars, build_grids, build_panel
from volcast.pipeline.panel.external import NOTHING_EXTERNAL, ExternalData
from volcast.pipeline.panel.load_external import load_external
from volcast.pipeline.progress import Progress
from volcast.reports.scoring.inference import DieboldMariano, average_by_date, diebold_mariano
from volcast.reports.scoring.risk import risk_table
from volcast.reports.scoring.scored_rows import scored_rows
from volcast.reports.scoring.scores import POOLED
from volcast.reports.scoring.value_at_risk import tail_forecasts

LINEAR = "harx"
VIX = "^VIX"
FORECAST_COLUMNS = [
    *("origin", "target_end", "ticker", "horizon", "model", "variance", "realized"),
    "short_history",
]
RISK_COLUMNS = [*FORECAST_COLUMNS, "part", "fold"]
RISK_MODELS = (REFERENCE, NETWORK)
RISK_FIGURES = ("share", "es_ratio", "tickers_passed", "tickers_green")
KIB_PER_MIB = 1024
Period = tuple[dt.date | None, dt.date | None]  # first and last day; None means no bound


def build_config(arguments: argparse.Namespace) -> Config:
    """Return the default settings, changed by the options of the command line."""
    baselines = [name for name in arguments.models if name not in (NETWORK, REFERENCE)]
    split = {"test_start": arguments.test_start, "refit_every": arguments.refit}
    config = load_config(
        None,
        {
            "data": {"exogenous": arguments.exogenous, "events": arguments.events},
            "split": split,
            "target": {"horizons": arguments.horizon},
            "model": {"pretrained": arguments.pretrained},
            "baselines": {"models": [REFERENCE, *baselines]},
        },
    )
    return config if arguments.data else with_source_defaults(config)


def parse_series(text: str) -> str:
    """Return an entry of ``data.exogenous``; the name of a file alone is that of the VIX."""
    return f"{VIX}={text}" if "=" not in text and Path(text).is_file() else text


def add_external_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of exogenous series and events."""
    help_series = f"a name of the source, NAME=FILE, or a file for {VIX}"
    parser.add_argument(
        "--exogenous", nargs="+", default=[], type=parse_series, metavar="SERIES", help=help_series
    )
    help_events = "known report dates: edgar, yahoo or a file"
    parser.add_argument("--events", nargs="+", default=[], metavar="SOURCE", help=help_events)


def load_embedded_panel(config: Config, until: dt.date | None = None) -> Panel:
    """Return features and targets of the embedded prices, up to a day if one is given."""
    source, now = SampleSource(), dt.datetime.now(dt.UTC)
    bars = source.load(Request((), None, until, now)).bars
    return build_checked_panel(bars, config, load_external(config, bars, source, now, Progress()))


def load_panel(
    path: Path, symbols: int | None, config: Config, period: Period = (None, None)
) -> Panel:
    """Return features and targets of a panel on disk, of its first `symbols` in alphabetical order.

    Bars outside `period` are left out, for comparisons that must not use them.
    """
    source, now = FilesSource(path), dt.datetime.now(dt.UTC)
    bars = select_bars(source, symbols, period, now)
    return build_checked_panel(bars, config, load_external(config, bars, source, now, Progress()))


def select_bars(
    source: FilesSource, symbols: int | None, period: Period, now: dt.datetime
) -> pd.DataFrame:
    """Return the bars of a period, of the first `symbols` in alphabetical order."""
    bars = source.load(Request((), *period, now)).bars
    if symbols is None:
        return bars
    return bars[bars["ticker"].isin(sorted(bars["ticker"].unique())[:symbols])]


def build_checked_panel(
    bars: pd.DataFrame, config: Config, external: ExternalData = NOTHING_EXTERNAL
) -> Panel:
    """Return features and targets of bars that passed the quality rules, series and events."""
    checked = check_bars(bars, assign_calendars(list(bars["ticker"].unique()), config))
    return build_panel(build_grids(checked.bars, config, external=external), config)


@dataclass(frozen=True)
class WalkForward:
    """Test forecasts of all folds, seconds by model, and the forecasts that value at risk needs."""

    forecasts: pd.DataFrame
    seconds: dict[str, float]
    risk_forecasts: pd.DataFrame


def walk_forward(panel: Panel, config: Config) -> WalkForward:
    """Fit and forecast fold by fold over the panel."""
    tables, risk_forecasts, seconds = [], [], Counter[str]()
    for fold in iter_folds(panel, build_folds(panel, config), config, Progress()):
        table = fold.forecasts
        tables.append(table.loc[table["part"] == TEST, FORECAST_COLUMNS])
        chosen = (table["horizon"] == 1) & table["model"].isin(RISK_MODELS)
        risk_forecasts.append(table.loc[chosen, RISK_COLUMNS])
        seconds.update(fold.seconds)
    return WalkForward(
        pd.concat(tables, ignore_index=True), dict(seconds), pd.concat(risk_forecasts)
    )


def compute_risk(
    risk_forecasts: pd.DataFrame, panel: Panel
) -> dict[str, dict[str, dict[str, float]]]:
    """Return the pooled backtests of value at risk, by level and model."""
    table = risk_table(tail_forecasts(select_tail_rows(add_returns(risk_forecasts, panel))))
    pooled = table[table["ticker"] == POOLED]
    found: dict[str, dict[str, dict[str, float]]] = {}
    for row in pooled.to_dict("records"):
        figures = {name: round(float(row[name]), 4) for name in RISK_FIGURES}
        found.setdefault(f"{row['level']:g}", {})[str(row["model"])] = figures
    return found


def compute_scores(forecasts: pd.DataFrame, horizon: int) -> dict[str, dict[str, float]]:
    """Return the scores of every model at a horizon, by model, all on the same rows."""
    rows = scored_rows(forecasts[forecasts["horizon"] == horizon])
    parts = {str(model): part for model, part in rows.groupby("model", sort=False)}
    scores = {
        model: compute_model_scores(part, parts[REFERENCE], horizon)
        for model, part in parts.items()
    }
    for model, part in parts.items():
        if LINEAR in parts and model != LINEAR:
            test = compare_losses(part, parts[LINEAR], horizon)
            scores[model] |= {"t_harx": round(test.statistic, 2), "p_harx": round(test.p_value, 4)}
    return scores


def compare_losses(part: pd.DataFrame, other: pd.DataFrame, horizon: int) -> DieboldMariano:
    """Return the Diebold-Mariano test of two models on the same rows."""
    difference = part["qlike"].to_numpy() - other["qlike"].to_numpy()
    return diebold_mariano(difference, part["origin"].to_numpy(), horizon)


def compute_model_scores(
    part: pd.DataFrame, reference: pd.DataFrame, horizon: int
) -> dict[str, float]:
    """Return the scores of one model, whose rows are those of the reference in the same order."""
    difference = part["qlike"].to_numpy() - reference["qlike"].to_numpy()
    by_symbol = pd.Series(difference).groupby(part["ticker"].to_numpy()).mean()
    outcome, forecast = np.log(part["realized"]), np.log(part["variance"])
    origin = part["origin"].to_numpy()
    test = compare_losses(part, reference, horizon)
    own, har = (average_by_date(table["qlike"], origin).mean() for table in (part, reference))
    return {
        "qlike": round(float(own), 4),
        "ratio_to_har": round(float(own / har), 4),
        "symbols_won": round(float((by_symbol < 0).mean()), 3),
        "hac_t": round(test.statistic, 2),
        "newey_west_t": round(compute_newey_west_t(difference, origin, horizon), 2),
        "r2_log": round(float(1.0 - ((outcome - forecast) ** 2).mean() / outcome.var(ddof=0)), 3),
    }


def compute_newey_west_t(difference: Any, origin: Any, horizon: int) -> float:
    """Return the t of the mean difference by the errors of Newey & West, as papers report it.

    It rejects a true hypothesis more often than `hac_t`, by equal-weighted cosines, does.
    """
    import statsmodels.api as sm

    daily = average_by_date(difference, origin)
    if not np.any(daily):
        return float("nan")
    lags = max(horizon - 1, int(4 * (len(daily) / 100) ** (2 / 9)))
    fit = sm.OLS(daily, np.ones(len(daily))).fit(cov_type="HAC", cov_kwds={"maxlags": lags})
    return float(fit.tvalues[0])


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Run the comparison and return all figures."""
    start = time.perf_counter()
    config = build_config(arguments)
    panel = (
        load_panel(arguments.data, arguments.symbols, config)
        if arguments.data
        else load_embedded_panel(config)
    )
    result = walk_forward(panel, config)
    horizons = {}
    for horizon in panel.horizons:
        scores = compute_scores(result.forecasts, horizon)
        for name, figures in scores.items():
            figures["seconds"] = round(result.seconds[name], 1)
        scored = scored_rows(result.forecasts[result.forecasts["horizon"] == horizon])
        first = scored[scored["model"] == REFERENCE]
        counts = {"rows": len(first), "symbols": int(first["ticker"].nunique())}
        horizons[str(horizon)] = {**counts, "models": scores}
    return {
        "horizons": horizons,
        "value_at_risk": compute_risk(result.risk_forecasts, panel) if 1 in panel.horizons else {},
        "seconds": round(time.perf_counter() - start, 1),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // KIB_PER_MIB,
    }


def print_tables(figures: dict[str, Any]) -> None:
    """Print one table per horizon."""
    for horizon, found in figures["horizons"].items():
        print(f"\nhorizon {horizon}: {found['rows']:,} rows, {found['symbols']} symbols")
        columns = (
            *("qlike", "ratio_to_har", "symbols_won", "hac_t", "newey_west_t", "t_harx"),
            *("r2_log", "seconds"),
        )
        print(f"{'model':<14}" + "".join(f"{name:>14}" for name in columns))
        for model, score in sorted(found["models"].items(), key=lambda item: item[1]["qlike"]):
            print(f"{model:<14}" + "".join(f"{score.get(name, ''):>14}" for name in columns))
    for level, by_model in figures["value_at_risk"].items():
        for model, risk in by_model.items():
            print(f"value at risk {level:<5} {model:<10} {risk}")
    print(f"\n{figures['seconds']} s in total, {figures['peak_mib']} MiB")


def main() -> None:
    """Run the comparison and report it."""
    parser = build_parser(__doc__)
    parser.add_argument("--data", type=Path, help="a panel, CSV or Parquet; else the embedded one")
    parser.add_argument("--test-start", type=dt.date.fromisoformat, help="first tested day")
    parser.add_argument("--refit", type=int, default=126, help="sessions between refits")
    parser.add_argument(
        "--symbols", type=int, help="number of symbols, the first in alphabetical order"
    )
    parser.add_argument("--horizon", type=int, nargs="+", default=[1, 5, 22], help="sessions ahead")
    parser.add_argument("--models", nargs="+", default=[*BASELINES, NETWORK])
    parser.add_argument(
        "--pretrained", default=SHIPPED_VINTAGES, help="shipped, none, or a folder of vintages"
    )
    add_external_options(parser)
    arguments = parser.parse_args()
    figures = measure(arguments)
    print_tables(figures)
    write_figures(figures, arguments.json)


if __name__ == "__main__":
    main()
