"""How far one wrong bar of the training history moves later forecasts, by model and kind of error.

Usage: python -m benchmarks.robustness [--data PANEL.parquet --symbols N] [--models NAME ...]
    [--places N] [--json FILE]

All models are fitted once on the history up to `SHARE` of the sessions, and once more for each
error, planted into the first ticker at each of several places. Forecasts are compared from
`MEMORY` sessions after the history on, when no feature contains the planted bar any more: what is
left is the effect on the estimates.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

if __package__ in (None, ""):  # as a script
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import datetime as dt

import numpy as np
import pandas as pd

from benchmarks._output import build_parser, write_figures
from volcast.features.panel import Panel
from volcast.models.baselines.catalogue import NETWORK, make_baseline
from volcast.models.forecaster import Forecaster, Split
from volcast.models.network import Network
from volcast.pipeline.backtest.model_factory import build_regressor
from volcast.pipeline.config.load import load_config
from volcast.pipeline.config.settings import Config
from volcast.pipeline.data.contract.source import Request
from volcast.pipeline.data.sources.files import FilesSource
from volcast.pipeline.data.sources.sample import SampleSource
from volcast.pipeline.panel.build import build_grids, build_panel, build_sample

BASELINES = (
    "har",
    "har_pooled",
    "harx",
    "trees",
    "ewma",
    "mean_22",
    "garch",
    "gjr_garch_t",
    "egarch",
)
SHARE, TESTED, MEMORY = 0.5, 100, 300  # of the sessions; sessions
PRICES = ["open", "high", "low", "close"]
Bar = pd.Series


def widen_range(bar: Bar, log_factor: float) -> Bar:
    """Return a bar whose Garman-Klass variance is about `exp(log_factor)` times as large."""
    body = np.log(bar["close"] / bar["open"])
    squared = 0.5 * np.log(bar["high"] / bar["low"]) ** 2 - (2 * np.log(2) - 1) * body**2
    wide = np.sqrt(2 * (squared * np.exp(log_factor) + (2 * np.log(2) - 1) * body**2))
    middle = np.sqrt(bar["high"] * bar["low"])
    changed = bar.copy()
    changed["high"] = max(middle * np.exp(wide / 2), bar["open"], bar["close"])
    changed["low"] = min(middle * np.exp(-wide / 2), bar["open"], bar["close"])
    return changed


def scale(bar: Bar, factor: float, *fields: str) -> Bar:
    """Return a bar with some of its prices multiplied."""
    wrong = {*fields, "adj_close"} if "close" in fields else set(fields)
    return pd.Series(
        {name: value * (factor if name in wrong else 1.0) for name, value in bar.items()}
    )


ERRORS: dict[str, Callable[[Bar], Bar]] = {
    "log variance + 5": lambda bar: widen_range(bar, 5.0),
    "log variance + 7": lambda bar: widen_range(bar, 7.0),
    "log variance + 9": lambda bar: widen_range(bar, 9.0),
    "high x 10": lambda bar: scale(bar, 10.0, "high"),
    "low / 100": lambda bar: scale(bar, 0.01, "low"),
    "close and low / 100": lambda bar: scale(bar, 0.01, "close", "low"),
}


def plant(bars: pd.DataFrame, session: pd.Timestamp, change: Callable[[Bar], Bar]) -> pd.DataFrame:
    """Return bars with one wrong bar of the first ticker."""
    spoilt = bars.copy()
    first = bars["ticker"].iloc[0]
    row = spoilt.index[(spoilt["ticker"] == first) & (spoilt["session"] == session)][0]
    fields = [name for name in (*PRICES, "adj_close") if name in spoilt]
    spoilt.loc[row, fields] = change(spoilt.loc[row, fields].astype(float))
    return spoilt


def forecast(panel: Panel, config: Config, names: list[str]) -> dict[str, np.ndarray]:
    """Return the later forecasts (n, N, H) of each model, fitted on the first sessions."""
    sample, end = build_sample(panel), int(SHARE * len(panel.sessions))
    purge = max(panel.horizons)
    stop = end - purge
    train = slice(0, stop - int(0.1 * stop) - purge)
    split = Split(train, slice(train.stop + purge, stop))
    origins = slice(end + MEMORY, end + MEMORY + TESTED)
    found = {}
    for name in names:
        model: Forecaster = (
            Network(build_regressor(config)) if name == NETWORK else make_baseline(name)
        )
        model.fit(sample.until(end - 1), split)
        found[name] = model.forecast(sample.until(origins.stop - 1), origins)
    return found


def compare(clean: np.ndarray, spoilt: np.ndarray) -> tuple[float, float]:
    """Return the median and the largest relative change of a forecast, in percent.

    The median is that of the ticker with the wrong bar. A forecast that is lost counts as 100 %.
    """
    change = 100.0 * np.abs(spoilt / clean - 1.0)
    change = np.where(np.isfinite(clean) & ~np.isfinite(spoilt), 100.0, change)
    return float(np.nanmedian(change[:, 0])), float(np.nanmax(change))


def load_bars(arguments: argparse.Namespace) -> pd.DataFrame:
    """Return the bars of the embedded sample, or of the first symbols of a panel."""
    now = dt.datetime.now(dt.UTC)
    source = FilesSource(arguments.data) if arguments.data else SampleSource()
    bars = source.load(Request((), None, None, now)).bars
    bars = bars.dropna(subset=PRICES)
    tickers = sorted(bars["ticker"].unique())[: arguments.symbols]
    return bars[bars["ticker"].isin(tickers)].reset_index(drop=True)


def measure(arguments: argparse.Namespace) -> dict[str, dict[str, dict[str, float]]]:
    """Plant every error at every place, and return the changes by error and model."""
    config = load_config(None, {})
    bars = load_bars(arguments)
    clean_panel = build_panel(build_grids(bars, config), config)
    clean = forecast(clean_panel, config, arguments.models)
    own = bars.loc[bars["ticker"] == bars["ticker"].iloc[0], "session"]
    end = int(SHARE * len(clean_panel.sessions))
    known = own[own < clean_panel.sessions[end - 1]].to_numpy()
    places = known[np.linspace(100, len(known) - 30, arguments.places).astype(int)]
    figures: dict[str, dict[str, dict[str, float]]] = {}
    for error, change in ERRORS.items():
        changes: dict[str, list[tuple[float, float]]] = {name: [] for name in arguments.models}
        for place in places:
            spoilt = plant(bars, pd.Timestamp(place), change)
            found = forecast(build_panel(build_grids(spoilt, config), config), config, list(clean))
            for name in clean:
                changes[name].append(compare(clean[name], found[name]))
        figures[error] = {
            name: {
                "median": round(float(np.median([m for m, _ in pairs])), 2),
                "largest": round(max(largest for _, largest in pairs), 2),
            }
            for name, pairs in changes.items()
        }
        print(
            error,
            *(f"{n} {f['median']} {f['largest']}" for n, f in figures[error].items()),
            sep="\n    ",
            flush=True,
        )
    return figures


def main() -> None:
    """Plant the errors and report the changes of the forecasts in percent."""
    parser = build_parser(__doc__)
    parser.add_argument("--data", type=Path, help="a panel, CSV or Parquet; else the embedded one")
    parser.add_argument("--symbols", type=int, help="number of symbols, in alphabetical order")
    parser.add_argument("--models", nargs="+", default=[*BASELINES, NETWORK])
    parser.add_argument("--places", type=int, default=5, help="sessions at which to plant")
    arguments = parser.parse_args()
    write_figures(measure(arguments), arguments.json)


if __name__ == "__main__":
    main()
