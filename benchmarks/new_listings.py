"""Forecasts of stocks in their first year after a listing, against the same stocks with a past.

Usage: python -m benchmarks.new_listings [--data PANEL.parquet [--others N]] [--events SOURCE ...]
    [--json FILE]

PANEL has the columns symbol (or ticker), date, open, high, low, close, volume; without it the bars
are the embedded ones. The stocks are those of the source sample-stocks, or with --others N that
many others, drawn from those with a bar in every session. The bars end with the development years,
on 2016-02-05; tests begin on 2015-02-09. A third of the stocks at a time loses all bars but 60 up
to the first test origin, as if it had been listed then; each is listed once. QLIKE by horizon,
model and number of the stock's sessions, with the short history and with the full one, and the
coverage of the 90 % intervals; `won` is the share of the stocks with a smaller QLIKE than that of
the mean of 22 sessions.
"""

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks._output import build_parser, write_figures
from benchmarks.skill import build_checked_panel
from volcast.features.panel import Panel
from volcast.models.baselines.catalogue import NETWORK, REFERENCE
from volcast.models.forecaster import count_recent_sessions
from volcast.pipeline.backtest.evaluation import add_returns, build_forecast_table, calibrate_level
from volcast.pipeline.backtest.folds import build_folds
from volcast.pipeline.backtest.walk_forward import iter_folds
from volcast.pipeline.config.load import load_config
from volcast.pipeline.config.settings import Config
from volcast.pipeline.data.contract.source import Request
from volcast.pipeline.data.sources.files import FilesSource
from volcast.pipeline.data.sources.sample_stocks import SampleStocksSource
from volcast.pipeline.panel.external import ExternalData
from volcast.pipeline.panel.load_external import load_external
from volcast.pipeline.progress import Progress
from volcast.reports.scoring.scored_rows import qlike

UNTIL, TEST_START, REFIT = dt.date(2016, 2, 5), dt.date(2015, 2, 9), 126
SESSIONS, PARTS, SEED = 60, 3, 0  # bars of a listing at the first test origin; thirds; of the draw
MONTH_MEAN = "mean_22"
MODELS = ["har_pooled", "harx", MONTH_MEAN]
AGES = ((60, 99), (100, 149), (150, 250), (60, 250))  # sessions with a bar, at the origin
KEYS = ["origin", "ticker", "horizon", "model"]


def build_config(events: list[str]) -> Config:
    """Return the default settings on the development years."""
    split = {"test_start": TEST_START, "refit_every": REFIT}
    baselines = {"models": [REFERENCE, *MODELS]}
    return load_config(None, {"data": {"events": events}, "split": split, "baselines": baselines})


def choose_symbols(bars: pd.DataFrame, count: int | None) -> list[str]:
    """Return the stocks of the sample, or so many others that have a bar in every session."""
    now = dt.datetime.now(dt.UTC)
    sample = set(SampleStocksSource().load(Request((), None, None, now)).bars["ticker"])
    if count is None:
        return sorted(sample)
    sessions = bars.groupby("ticker").size()
    others = sorted(set(sessions.index[sessions == sessions.max()]) - sample)
    return sorted(np.random.default_rng(SEED).choice(others, count, replace=False))


def list_late(bars: pd.DataFrame, symbols: list[str]) -> pd.DataFrame:
    """Return the bars, those of `symbols` from 60 up to the first test origin on."""
    days = np.sort(bars["session"].unique())
    first = days[np.searchsorted(days, np.datetime64(TEST_START)) - SESSIONS + 1]
    return pd.DataFrame(bars[~bars["ticker"].isin(symbols) | (bars["session"] >= first)])


def forecast(panel: Panel, config: Config) -> pd.DataFrame:
    """Return the test forecasts of all folds, with their intervals and losses."""
    folds = iter_folds(panel, build_folds(panel, config), config, Progress())
    forecasts = pd.concat([fold.forecasts for fold in folds], ignore_index=True)
    table = build_forecast_table(calibrate_level(add_returns(forecasts, panel)), 0.9)
    inside = table["realized"].between(table["lower"], table["upper"])
    loss = qlike(table["realized"].to_numpy(), table["variance"].to_numpy())
    return table.assign(qlike=loss, inside=inside.where(table["lower"].notna()).astype(float))


def count_sessions(panel: Panel) -> pd.DataFrame:
    """Return `origin, ticker, age`: how many of the last 250 sessions have a bar."""
    age = count_recent_sessions(panel.variance) + 1  # the first bar has no variance
    grid = pd.DataFrame(age, panel.sessions.rename("origin"), panel.tickers)
    return grid.melt(ignore_index=False, var_name="ticker", value_name="age").reset_index()


def compare(bars: pd.DataFrame, config: Config, external: ExternalData) -> pd.DataFrame:
    """Return the rows of the listed stocks, each with its forecast from the full history."""
    columns = [*KEYS, "realized", "qlike", "inside"]
    full = forecast(build_checked_panel(bars, config, external), config)[columns]
    symbols, parts = sorted(bars["ticker"].unique()), []
    for part in range(PARTS):
        listed = symbols[part::PARTS]
        panel = build_checked_panel(list_late(bars, listed), config, external)
        rows = forecast(panel, config).merge(count_sessions(panel), on=["origin", "ticker"])
        parts.append(rows[rows["ticker"].isin(listed)])
    both = pd.concat(parts).merge(full, on=KEYS, suffixes=("", "_full"))
    return both[(both["realized"] > 0) & both["qlike"].notna() & both["qlike_full"].notna()]


def summarise(rows: pd.DataFrame) -> dict[str, Any]:
    """Return the figures of each range of ages, horizon and model."""
    found: dict[str, Any] = {}
    for low, high in AGES:
        chosen = rows[rows["age"].between(low, high)]
        for horizon, part in chosen.groupby("horizon"):
            means = part.groupby("model")[["qlike", "qlike_full", "inside", "inside_full"]].mean()
            by_stock = part.pivot_table(index="ticker", columns="model", values="qlike")
            month_mean = float(means["qlike"].to_dict()[MONTH_MEAN])
            figures = means.round(4).assign(
                ratio_to_month_mean=(means["qlike"] / month_mean).round(3),
                ratio_to_full=(means["qlike"] / means["qlike_full"]).round(3),
                won=by_stock.lt(by_stock[MONTH_MEAN], axis=0).mean().round(2),
                rows=part.groupby("model").size(),
            )
            found[f"{low} to {high} sessions, horizon {horizon}"] = figures.T.to_dict()
    return found


def main() -> None:
    """Compare and report."""
    parser = build_parser(__doc__)
    parser.add_argument("--data", type=Path, help="a panel; else the embedded stocks")
    parser.add_argument("--others", type=int, metavar="N", help="N others than the sample's")
    parser.add_argument("--events", nargs="+", default=[], metavar="SOURCE", help="report dates")
    arguments = parser.parse_args()
    config, now = build_config(arguments.events), dt.datetime.now(dt.UTC)
    source = FilesSource(arguments.data) if arguments.data else SampleStocksSource()
    bars = source.load(Request((), None, UNTIL, now)).bars
    bars = bars[bars["ticker"].isin(choose_symbols(bars, arguments.others))]
    external = load_external(config, bars, source, now, Progress())
    figures = summarise(compare(bars, config, external))
    for name, by_model in figures.items():
        print(f"\n{name}")
        print(pd.DataFrame(by_model).T.loc[[NETWORK, "harx", REFERENCE, MONTH_MEAN]].to_string())
    write_figures(figures, arguments.json)


if __name__ == "__main__":
    main()
