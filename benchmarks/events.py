"""What known report dates are worth, and what wrong, missing or late ones cost.

Usage: python -m benchmarks.events --data PANEL --events SOURCE [--until DATE --test-start DATE]
    [--symbols N] [--exogenous SERIES ...] [--variants NAME ...] [--json FILE]

Prints QLIKE of HAR-X and of the network relative to HAR without any date, with the dates of the
source, and with dates that were made worse in the way of the name. Besides, for the dates of the
source: how much of the loss falls on targets that trade on a report, and the ratio there.
"""

import dataclasses
import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks._output import build_parser, write_figures
from benchmarks.skill import (
    LINEAR,
    add_external_options,
    build_checked_panel,
    compute_scores,
    select_bars,
    walk_forward,
)
from volcast.features.panel import Panel
from volcast.models.baselines.catalogue import NETWORK, REFERENCE
from volcast.pipeline.backtest.evaluation import add_returns
from volcast.pipeline.config.load import load_config
from volcast.pipeline.data.sources.files import FilesSource
from volcast.pipeline.panel.external import ExternalData
from volcast.pipeline.panel.load_external import load_external
from volcast.pipeline.progress import Progress
from volcast.reports.scoring.breakdowns import by_report
from volcast.reports.scoring.scored_rows import scored_rows

SEED = 20_261_129
OPENS, CLOSES = pd.Timedelta(hours=7), pd.Timedelta(hours=16, minutes=30)  # in New York
Change = Callable[[pd.DataFrame, np.random.Generator], pd.DataFrame]


def keep_dates(events: pd.DataFrame, _: np.random.Generator) -> pd.DataFrame:
    """Return the dates as they are."""
    return events


def drop_dates(events: pd.DataFrame, _: np.random.Generator) -> pd.DataFrame:
    """Return no date."""
    return events.iloc[:0]


def forget_times(events: pd.DataFrame, _: np.random.Generator) -> pd.DataFrame:
    """Return the dates with an unknown time of day."""
    return events.assign(time="unknown")


def miss(share: float) -> Change:
    """Return the change that leaves out a share of the dates."""
    return lambda events, rng: events[rng.random(len(events)) >= share]


def shift(share: float) -> Change:
    """Return the change that moves a share of the dates by a day, either way."""

    def move(events: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
        days = rng.choice([-1, 1], len(events)) * (rng.random(len(events)) < share)
        return events.assign(date=events["date"] + pd.to_timedelta(days, unit="D"))

    return move


def learn_late(events: pd.DataFrame, _: np.random.Generator) -> pd.DataFrame:
    """Return the dates as a record of filings has them: each is known once it has happened."""
    hours = events["time"].map({"before_open": OPENS}).fillna(CLOSES)
    moment = (events["date"] + hours).dt.tz_localize("America/New_York").dt.tz_convert("UTC")
    return events.assign(learnt_at=moment.astype("datetime64[us, UTC]"))


def exchange_tickers(events: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Return the dates of other tickers: a placebo, in which only the seasons are right."""
    tickers = events["ticker"].unique()
    return events.assign(
        ticker=events["ticker"].map(dict(zip(tickers, rng.permutation(tickers), strict=True)))
    )


VARIANTS: dict[str, Change] = {
    "no dates": drop_dates,
    "dates of the source": keep_dates,
    "time of day unknown": forget_times,
    "10 % wrong by a day": shift(0.1),
    "30 % wrong by a day": shift(0.3),
    "10 % missing": miss(0.1),
    "30 % missing": miss(0.3),
    "known afterwards only": learn_late,
    "those of other tickers": exchange_tickers,
}


def split_by_report(forecasts: pd.DataFrame, panel: Panel) -> dict[str, Any]:
    """Return rows, share of the loss and ratio of targets with a report, by horizon and model."""
    rows = scored_rows(add_returns(forecasts, panel))
    table = by_report(rows).drop(columns="qlike").round(4)
    return {
        f"{horizon} {model} {reports}": part.iloc[0][["rows", "share", "ratio_to_har"]].to_dict()
        for (horizon, model, reports), part in table.groupby(["horizon", "model", "reports"])
    }


def main() -> None:
    """Make the dates worse in each way and report the ratios."""
    parser = build_parser(__doc__)
    parser.add_argument("--data", type=Path, required=True, help="a panel, CSV or Parquet")
    parser.add_argument("--until", type=dt.date.fromisoformat, help="last day that is used")
    parser.add_argument("--test-start", type=dt.date.fromisoformat, help="first tested day")
    parser.add_argument("--symbols", type=int, help="number of symbols, the first by name")
    parser.add_argument("--variants", nargs="+", default=list(VARIANTS), help="all if not given")
    add_external_options(parser)
    arguments = parser.parse_args()
    if not arguments.events:
        parser.error("--events is needed")
    config = load_config(
        None,
        {
            "data": {"events": arguments.events, "exogenous": arguments.exogenous},
            "split": {"test_start": arguments.test_start},
            "baselines": {"models": [REFERENCE, LINEAR]},
        },
    )
    source, now = FilesSource(arguments.data), dt.datetime.now(dt.UTC)
    bars = select_bars(source, arguments.symbols, (None, arguments.until), now)
    external: ExternalData = load_external(config, bars, source, now, Progress())
    figures: dict[str, Any] = {}
    for name in arguments.variants:
        events = VARIANTS[name](external.events, np.random.default_rng(SEED))
        changed = dataclasses.replace(external, events=events)
        panel = build_checked_panel(bars, config, changed)
        forecasts = walk_forward(panel, config).forecasts
        scores = {h: compute_scores(forecasts, h) for h in panel.horizons}
        for model in (LINEAR, NETWORK):
            ratios = {str(h): scores[h][model]["ratio_to_har"] for h in panel.horizons}
            figures[f"{name}, {model}"] = ratios
            shown = " / ".join(f"{ratio:.3f}" for ratio in ratios.values())
            print(f"{name:<24}{model:<10}{shown}", flush=True)
        if name == "dates of the source":
            figures["split by report"] = split_by_report(forecasts, panel)
    for name, values in figures.get("split by report", {}).items():
        print(f"{name:<32}{values}")
    write_figures(figures, arguments.json)


if __name__ == "__main__":
    main()
