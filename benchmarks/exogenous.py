"""What the changes of an exogenous series are worth, and on which days, on development years.

Usage: python -m benchmarks.exogenous [SERIES] [--data PANEL --until DATE --test-start DATE]
    [--symbols N] [--late MINUTES] [--json FILE]

SERIES is NAME=FILE, or a name that the sample has; ^VIX if none is given. Without a panel: ^GSPC
and ^IXIC, origins from 2003-07-01 to the end of 2007. Prints QLIKE of HAR-X and of the network
relative to HAR without the series, with it, and with every close known so many minutes later (for
^VIX, any delay is a session); then the days whose losses change most by it, averaged over the
symbols, in percent of the sum over all days.
"""

import dataclasses
import datetime as dt
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks._output import build_parser, write_figures
from benchmarks.development import EMBEDDED_START, EMBEDDED_UNTIL
from benchmarks.skill import LINEAR, build_checked_panel, compute_scores, walk_forward
from volcast.models.baselines.catalogue import NETWORK, REFERENCE
from volcast.pipeline.config.load import load_config
from volcast.pipeline.config.settings import Config
from volcast.pipeline.data.contract.source import Request, Source
from volcast.pipeline.data.sources.files import FilesSource
from volcast.pipeline.data.sources.sample import SampleSource
from volcast.pipeline.panel.external import NOTHING_EXTERNAL
from volcast.pipeline.panel.load_series import load_series
from volcast.reports.scoring.scored_rows import scored_rows

MODELS = (LINEAR, NETWORK)
DAYS_SHOWN = 8


def compare(
    bars: pd.DataFrame, source: Source, configs: dict[str, Config], late: dt.timedelta
) -> dict[str, pd.DataFrame]:
    """Return the test forecasts without the series, with it, and with it known late."""
    now = dt.datetime.now(dt.UTC)
    series, _ = load_series(configs["with"], source, now)
    later = series.assign(known_at=series["known_at"] + late)
    tables = {"without": series.iloc[:0], "with": series, "late": later}
    found = {}
    for name, table in tables.items():
        config = configs["without" if name == "without" else "with"]
        external = dataclasses.replace(NOTHING_EXTERNAL, series=table)
        found[name] = walk_forward(build_checked_panel(bars, config, external), config).forecasts
    return found


def compute_ratios(forecasts: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Return QLIKE relative to HAR by model and horizon."""
    horizons = sorted(forecasts["horizon"].unique())
    scores = {str(horizon): compute_scores(forecasts, horizon) for horizon in horizons}
    return {
        model: {h: round(by_model[model]["ratio_to_har"], 3) for h, by_model in scores.items()}
        for model in MODELS
    }


def find_days(
    without: pd.DataFrame, with_series: pd.DataFrame, horizon: int, model: str
) -> pd.DataFrame:
    """Return the loss of each day, averaged over its symbols, without and with the series.

    Returns
    -------
    Indexed by origin: `without`, `with`, and `share`, the gain of the day in percent of the loss of
    all days without the series; the largest changes first.
    """
    tables = {"without": without, "with": with_series}
    losses = {}
    for name, forecasts in tables.items():
        rows = scored_rows(forecasts[forecasts["horizon"] == horizon])
        losses[name] = rows[rows["model"] == model].groupby("origin")["qlike"].mean()
    days = pd.DataFrame(losses)
    gain = days["without"] - days["with"]
    days["share"] = 100.0 * gain / days["without"].sum()
    return days.loc[gain.abs().sort_values(ascending=False).index]


def describe_days(days: pd.DataFrame) -> dict[str, Any]:
    """Return the whole gain, that without the best day, and the days that change most."""
    best = days["share"].idxmax()
    rest = days.drop(best)
    return {
        "days": len(days),
        "gain_pct": round(float(days["share"].sum()), 2),
        "gain_without_best_day_pct": round(
            float(100.0 * (1.0 - rest["with"].sum() / rest["without"].sum())), 2
        ),
        "better_days_pct": round(float(100.0 * (days["share"] > 0).mean()), 1),
        "largest": {
            f"{day:%Y-%m-%d %a}": {name: round(float(row[name]), 2) for name in days.columns}
            for day, row in days.head(DAYS_SHOWN).iterrows()
        },
    }


def main() -> None:
    """Compare, and print the ratios and the days."""
    parser = build_parser(__doc__)
    parser.add_argument("series", nargs="?", default="^VIX", help="NAME or NAME=FILE")
    parser.add_argument("--data", type=Path, help="a panel, CSV or Parquet")
    parser.add_argument("--until", type=dt.date.fromisoformat, default=EMBEDDED_UNTIL)
    parser.add_argument("--test-start", type=dt.date.fromisoformat, default=EMBEDDED_START)
    parser.add_argument("--symbols", type=int, help="the first in alphabetical order")
    parser.add_argument("--late", type=int, default=15, metavar="MINUTES")
    arguments = parser.parse_args()
    shared = {
        "split": {"test_start": arguments.test_start, "refit_every": 126},
        "baselines": {"models": [REFERENCE, LINEAR]},
    }
    given = {"without": [], "with": [arguments.series]}
    configs = {
        name: load_config(None, {"data": {"exogenous": series}, **shared})
        for name, series in given.items()
    }
    source = FilesSource(arguments.data) if arguments.data else SampleSource()
    bars = source.load(Request((), None, arguments.until, dt.datetime.now(dt.UTC))).bars
    if arguments.symbols is not None:
        bars = bars[bars["ticker"].isin(sorted(bars["ticker"].unique())[: arguments.symbols])]
    found = compare(bars, source, configs, dt.timedelta(minutes=arguments.late))
    figures: dict[str, Any] = {"ratios": {}, "days": {}}
    for name, forecasts in found.items():
        figures["ratios"][name] = compute_ratios(forecasts)
        print(f"{name:<8}", figures["ratios"][name])
    for horizon in sorted(found["with"]["horizon"].unique()):
        described = describe_days(find_days(found["without"], found["with"], horizon, NETWORK))
        figures["days"][str(horizon)] = described
        print(f"\nhorizon {horizon}, {NETWORK}:", *described.items(), sep="\n  ")
    write_figures(figures, arguments.json)


if __name__ == "__main__":
    main()
