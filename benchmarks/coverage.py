"""Coverage of the prediction intervals by ticker, year and horizon, before and after adaptation.

Usage: python -m benchmarks.coverage [--data PANEL] [--test-start DATE] [--until DATE]
    [--symbols N] [--models NAME ...] [--json FILE]

Without --data: ^GSPC and ^IXIC with the default settings. `before` is split conformal prediction
from the errors before each fold, pooled over tickers; `after` are the intervals of volcast. Scores
are mean interval scores (Winkler 1972), of the log variance and of the annualised volatility in
percent. A ticker counts in a year with at least 100 origins. `perfect` is what intervals of a known
distribution give with overlapping targets, by simulation.
"""

import argparse
import datetime as dt
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from benchmarks._output import build_parser, write_figures
from benchmarks.development import build_embedded_panel
from benchmarks.skill import load_panel
from volcast.features.panel import Panel
from volcast.models.baselines.catalogue import NETWORK, REFERENCE
from volcast.models.forecast_intervals import compute_log_error
from volcast.pipeline.backtest.evaluation import (
    add_returns,
    build_forecast_table,
    calibrate_level,
)
from volcast.pipeline.backtest.folds import build_folds
from volcast.pipeline.backtest.walk_forward import TEST, iter_folds
from volcast.pipeline.config.load import load_config
from volcast.pipeline.config.settings import Config
from volcast.pipeline.progress import Progress

LEVEL, LOWEST, HIGHEST = 0.9, 0.85, 0.95
FEWEST_ORIGINS = 100
TICKERS_IN_FULL, QUANTILES = 12, [0.01, 0.05, 0.5, 0.95, 0.99]
YEAR, SIMULATED_YEARS = 252, 4000
FIGURES = ("inside", "below", "above", "year_min", "year_max", "ticker_year_min")
MORE = ("ticker_year_max", "ticker_years_within", "score_log", "score_volatility")


def build_panel(arguments: argparse.Namespace, config: Config) -> Panel:
    """Return the embedded panel or that of the options."""
    if arguments.data is None:
        return build_embedded_panel(config, arguments.until)
    return load_panel(arguments.data, arguments.symbols, config, (None, arguments.until))


def forecast_folds(panel: Panel, config: Config) -> pd.DataFrame:
    """Return the forecasts of all folds, with the validation part of the first alone."""
    tables = []
    for fold in iter_folds(panel, build_folds(panel, config), config, Progress()):
        table = fold.forecasts
        tables.append(table[(table["part"] == TEST) | (table["fold"] == 0)])
    return pd.concat(tables, ignore_index=True)


def compute_split_conformal(folds: pd.DataFrame) -> pd.DataFrame:
    """Return the test rows with bounds from the errors known before each fold, as decision 0008."""
    folds = folds.assign(log_error=compute_log_error(folds["realized"], folds["variance"]))
    parts = []
    tested = folds[folds["part"] == TEST]
    errors = dict(list(folds.groupby(["model", "horizon"])))
    for (_, model, horizon), part in tested.groupby(["fold", "model", "horizon"], sort=False):
        past = errors[model, horizon]
        past = past[past["target_end"] < part["origin"].min()]
        known = np.sort(past["log_error"].dropna().to_numpy())
        rank = min(math.ceil((len(known) + 1) * (1 + LEVEL) / 2 - 1e-9), len(known))
        lower, upper = part["variance"].to_numpy() * np.exp(known[[-rank, rank - 1]])[:, None]
        parts.append(part.assign(lower=lower, upper=upper))
    return pd.concat(parts)


def compute_interval_score(lower: pd.Series, upper: pd.Series, outcome: pd.Series) -> float:
    """Return the mean of the width and of 2 / alpha times the distance of an outcome outside."""
    outside = np.maximum(lower - outcome, 0.0) + np.maximum(outcome - upper, 0.0)
    return float((upper - lower + 2.0 / (1.0 - LEVEL) * outside).mean())


def summarise(rows: pd.DataFrame) -> dict[str, Any]:
    """Return the figures of one model and horizon."""
    inside = rows["realized"].between(rows["lower"], rows["upper"])
    year = rows["origin"].dt.year
    cells = inside.groupby([rows["ticker"], year])
    by_ticker = cells.mean()[cells.size() >= FEWEST_ORIGINS]
    complete = year.isin(by_ticker.index.get_level_values("origin").unique())
    by_year = inside[complete].groupby(year).mean()
    logs = (np.log(rows[name]) for name in ("lower", "upper", "realized"))
    percent = (100 * np.sqrt(YEAR * rows[name]) for name in ("lower", "upper", "realized"))
    return {
        "inside": float(inside.mean()),
        "below": float((rows["realized"] < rows["lower"]).mean()),
        "above": float((rows["realized"] > rows["upper"]).mean()),
        "year_min": float(by_year.min()),
        "year_max": float(by_year.max()),
        "ticker_year_min": float(by_ticker.min()),
        "ticker_year_max": float(by_ticker.max()),
        "ticker_years_within": float(by_ticker.between(LOWEST, HIGHEST).mean()),
        "ticker_year_sd": float(np.sqrt(((by_ticker - LEVEL) ** 2).mean())),
        "score_log": compute_interval_score(*logs),
        "score_volatility": compute_interval_score(*percent),
        "by_year": {str(key): round(value, 3) for key, value in by_year.items()},
        "by_ticker_and_year": describe_cells(by_ticker),
    }


def describe_cells(by_ticker: pd.Series) -> dict[str, float]:
    """Return the coverage of each ticker and year, or its quantiles if there are many tickers."""
    if by_ticker.index.get_level_values("ticker").nunique() > TICKERS_IN_FULL:
        quantiles = by_ticker.quantile(QUANTILES).to_numpy()
        return {
            f"{share:.0%}": round(float(v), 3)
            for share, v in zip(QUANTILES, quantiles, strict=True)
        }
    names = by_ticker.index.map("{0[0]} {0[1]}".format)
    return {str(n): round(float(v), 3) for n, v in zip(names, by_ticker, strict=True)}


def simulate_perfect_coverage(horizon: int) -> dict[str, float]:
    """Return how coverage of a year varies if errors are means of `horizon` independent normals."""
    draws = np.random.default_rng(0).normal(size=(SIMULATED_YEARS, YEAR + horizon - 1))
    sums = np.cumsum(np.pad(draws, ((0, 0), (1, 0))), axis=1)
    error = (sums[:, horizon:] - sums[:, :-horizon]) / math.sqrt(horizon)
    inside = (np.abs(error) <= stats.norm.ppf((1 + LEVEL) / 2)).mean(axis=1)
    within = (inside >= LOWEST) & (inside <= HIGHEST)
    low, high = np.quantile(inside, [0.02, 0.98])
    return {
        "ticker_year_sd": float(np.sqrt(((inside - LEVEL) ** 2).mean())),
        "ticker_years_within": float(within.mean()),
        "lowest_2_percent": float(low),
        "highest_2_percent": float(high),
    }


def compare(folds: pd.DataFrame) -> dict[str, Any]:
    """Return all figures by horizon and model, before and after."""
    columns = ["model", "horizon", "ticker", "origin", "realized", "lower", "upper"]
    tables = {"before": compute_split_conformal(folds), "after": build_forecast_table(folds, LEVEL)}
    found: dict[str, Any] = {}
    for name, table in tables.items():
        used = table.loc[table["realized"] > 0, columns].dropna()
        for (horizon, model), rows in used.groupby(["horizon", "model"]):
            found.setdefault(str(horizon), {}).setdefault(str(model), {})[name] = summarise(rows)
    perfect = {horizon: simulate_perfect_coverage(int(horizon)) for horizon in found}
    return {"horizons": found, "perfect": perfect}


def print_tables(figures: dict[str, Any]) -> None:
    """Print the summary of every model, and the years of the network."""
    for horizon, models in figures["horizons"].items():
        perfect = {name: round(value, 3) for name, value in figures["perfect"][horizon].items()}
        print(f"\nhorizon {horizon}; perfect intervals: {perfect}")
        print(f"{'':<18}" + "".join(f"{name:>20}" for name in (*FIGURES, *MORE)))
        for model, both in models.items():
            for name, found in both.items():
                values = "".join(f"{found[key]:>20.3f}" for key in (*FIGURES, *MORE))
                print(f"{model:<11}{name:<7}{values}")
        for name, found in models[NETWORK].items():
            print(f"network {name}, by year: {found['by_year']}")
            print(f"network {name}, by ticker and year: {found['by_ticker_and_year']}")


def main() -> None:
    """Forecast, compare and report."""
    parser = build_parser(__doc__)
    parser.add_argument("--data", type=Path, help="a panel, CSV or Parquet")
    parser.add_argument("--test-start", type=dt.date.fromisoformat, help="first tested day")
    parser.add_argument("--until", type=dt.date.fromisoformat, help="last day that is used")
    parser.add_argument("--symbols", type=int, help="number of symbols, in alphabetical order")
    parser.add_argument("--models", nargs="+", help="baselines; by default those of the settings")
    arguments = parser.parse_args()
    sections: dict[str, dict[str, Any]] = {"split": {"test_start": arguments.test_start}}
    if arguments.models:
        sections["baselines"] = {"models": [REFERENCE, *arguments.models]}
    if arguments.data is not None and arguments.test_start is None:
        parser.error("a panel needs --test-start")
    config = load_config(None, sections)
    panel = build_panel(arguments, config)
    folds = calibrate_level(add_returns(forecast_folds(panel, config), panel))
    figures = compare(folds)
    print_tables(figures)
    write_figures(figures, arguments.json)


if __name__ == "__main__":
    main()
