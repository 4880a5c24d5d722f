"""What known report dates and the pooling over stocks are worth, out of sample.

Usage: python -m benchmarks.pooling [--data PANEL --events FILE] [--test-start DATE] [--symbols N]
    [--models NAME ...] [--compared NAME ...] [--alone NAME ...] [--json FILE]

Without --data: the 30 embedded stocks and their report dates, as in `make demo-stocks`. Models are
fitted to all stocks together with the dates; those of --compared also without them, and with the
dates of another stock, which must be worth nothing; those of --alone also to each stock by itself,
with its dates. QLIKE is relative to the log-HAR of each stock, on the same rows throughout; in
brackets the Diebold-Mariano statistic against the model with the dates of all stocks, above 0 if
that one is better. Stocks that lack sessions are left out: alone they would have other folds.
"""

import argparse
import datetime as dt
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks._output import build_parser, write_figures
from benchmarks.skill import LINEAR, compare_losses, walk_forward
from volcast.models.baselines.catalogue import NETWORK, REFERENCE
from volcast.pipeline.config.load import load_config
from volcast.pipeline.config.settings import BaselineSettings, Config
from volcast.pipeline.data.contract.source import Request
from volcast.pipeline.data.quality.check import check_bars
from volcast.pipeline.data.sources.catalogue import find_entry
from volcast.pipeline.data.sources.files import FilesSource
from volcast.pipeline.data.sources.sample_stocks import SampleStocksSource
from volcast.pipeline.panel.build import assign_calendars, build_grids, build_panel
from volcast.pipeline.panel.external import ExternalData
from volcast.pipeline.panel.load_external import load_external
from volcast.pipeline.progress import Progress
from volcast.reports.scoring.inference import average_by_date
from volcast.reports.scoring.scored_rows import scored_rows

STOCKS = "sample-stocks"
TREES = "trees"
POOLED, WITHOUT_DATES, WRONG_DATES, ALONE = "pooled", "without dates", "another's dates", "alone"
SEPARATOR = " | "  # between model and variant, as in "network | alone"


def build_config(arguments: argparse.Namespace, models: list[str], *, dates: bool) -> Config:
    """Return the default settings with some models, with the report dates or without."""
    baselines = [name for name in models if name not in (NETWORK, REFERENCE)]
    return load_config(
        None,
        {
            "data": {"events": arguments.events if dates else "none"},
            "split": {"test_start": arguments.test_start},
            "baselines": {"models": [REFERENCE, *baselines]},
        },
    )


def load_checked_bars(arguments: argparse.Namespace, config: Config) -> tuple[pd.DataFrame, Any]:
    """Return the bars after the quality rules, of stocks with all sessions, and the events."""
    source = FilesSource(arguments.data) if arguments.data else SampleStocksSource()
    now = dt.datetime.now(dt.UTC)
    bars = source.load(Request((), None, None, now)).bars
    counts = bars.groupby("ticker")["session"].nunique()
    full = sorted(counts[counts == bars["session"].nunique()].index)[: arguments.symbols]
    bars = bars[bars["ticker"].isin(full)]
    external = load_external(config, bars, source, now, Progress())
    return check_bars(bars, assign_calendars(full, config)).bars, external


def forecast(bars: pd.DataFrame, config: Config, external: ExternalData) -> pd.DataFrame:
    """Return the test forecasts of all folds."""
    panel = build_panel(build_grids(bars, config, external=external), config)
    return walk_forward(panel, config).forecasts


def forecast_variants(arguments: argparse.Namespace) -> pd.DataFrame:
    """Return the forecasts of all variants; models are named "MODEL | VARIANT"."""
    config = build_config(arguments, arguments.models, dates=True)
    bars, external = load_checked_bars(arguments, config)
    tables = [_name(forecast(bars, config, external), POOLED)]
    if arguments.compared:
        without = build_config(arguments, arguments.compared, dates=False)
        tables.append(_name(forecast(bars, without, external), WITHOUT_DATES))
        compared = build_config(arguments, arguments.compared, dates=True)
        wrong = rotate(external, bars["ticker"].unique())
        tables.append(_name(forecast(bars, compared, wrong), WRONG_DATES))
    if arguments.alone:
        alone = build_config(arguments, arguments.alone, dates=True)
        parts = [forecast(own, alone, external) for _, own in bars.groupby("ticker", sort=False)]
        tables.append(_name(pd.concat(parts), ALONE))
    return pd.concat(tables, ignore_index=True)


def rotate(external: ExternalData, tickers: Iterable[str]) -> ExternalData:
    """Return the events with those of each ticker given to the next one."""
    names = sorted(tickers)
    following = dict(zip(names, [*names[1:], names[0]], strict=True))
    events = external.events.assign(ticker=external.events["ticker"].map(following))
    return replace(external, events=events.astype(external.events.dtypes.to_dict()))


def _name(forecasts: pd.DataFrame, variant: str) -> pd.DataFrame:
    return forecasts.assign(model=forecasts["model"] + SEPARATOR + variant)


def compute_figures(forecasts: pd.DataFrame, horizon: int) -> dict[str, dict[str, Any]]:
    """Return by model and variant the ratio to HAR, and t against the pooled model with dates."""
    rows = scored_rows(forecasts[forecasts["horizon"] == horizon])
    order = ["origin", "ticker"]
    parts = {
        str(name): part.sort_values(order, ignore_index=True)
        for name, part in rows.groupby("model", sort=False)
    }
    losses = {
        name: average_by_date(part["qlike"], part["origin"].to_numpy()).mean()
        for name, part in parts.items()
    }
    har = losses[f"{REFERENCE}{SEPARATOR}{POOLED}"]
    figures: dict[str, dict[str, Any]] = {}
    for name, part in parts.items():
        model, _, variant = name.partition(SEPARATOR)
        found: dict[str, Any] = {"ratio_to_har": round(float(losses[name] / har), 4)}
        if variant != POOLED and model != REFERENCE:
            test = compare_losses(part, parts[f"{model}{SEPARATOR}{POOLED}"], horizon)
            found["t"] = round(test.statistic, 2)
        figures.setdefault(model, {"rows": len(part)})[variant] = found
    return figures


def print_table(figures: dict[str, dict[str, dict[str, Any]]]) -> None:
    """Print one table per variant: models by horizon."""
    horizons = list(figures)
    models = figures[horizons[0]]
    for variant in (POOLED, WITHOUT_DATES, WRONG_DATES, ALONE):
        if not any(variant in found for found in models.values()):
            continue
        print(f"\n{variant:<16}" + "".join(f"{f'{horizon}-day':>16}" for horizon in horizons))
        for model in models:
            cells = [figures[horizon][model].get(variant) for horizon in horizons]
            if all(cells):
                texts = [
                    f"{cell['ratio_to_har']:.3f}" + (f" ({cell['t']:.1f})" if "t" in cell else "")
                    for cell in cells
                    if cell
                ]
                print(f"{model:<16}" + "".join(f"{text:>16}" for text in texts))


def main() -> None:
    """Compare the variants and report the figures."""
    parser = build_parser(__doc__)
    parser.add_argument("--data", type=Path, help="a panel, CSV or Parquet; else the embedded one")
    parser.add_argument("--events", nargs="+", default=[STOCKS], help="known report dates")
    parser.add_argument(
        "--test-start", type=dt.date.fromisoformat, default=find_entry(STOCKS).test_start
    )
    parser.add_argument("--symbols", type=int, help="the first in alphabetical order")
    default = list(BaselineSettings().models)
    parser.add_argument("--models", nargs="*", default=[*default, TREES, NETWORK])
    parser.add_argument("--compared", nargs="*", default=[LINEAR, TREES, NETWORK])
    parser.add_argument("--alone", nargs="*", default=[LINEAR, NETWORK])
    arguments = parser.parse_args()
    forecasts = forecast_variants(arguments)
    figures = {
        str(horizon): compute_figures(forecasts, horizon)
        for horizon in sorted(forecasts["horizon"].unique())
    }
    print_table(figures)
    write_figures(figures, arguments.json)


if __name__ == "__main__":
    main()
