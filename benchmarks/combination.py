"""Weights of the ridge regression, and level corrections common to all tickers, compared.

Usage: python -m benchmarks.combination [--data PANEL --until DATE] [--test-start DATE]
    [--symbols N | --sample N --seed S] [--refit 126] [--exogenous SERIES ...] [--events SOURCE ...]
    [--json FILE]

The networks are trained once, without the ridge regression, and blended with it afterwards. The
level corrections multiply a forecast by the exponential of a share of the mean log error of all
tickers, averaged over past origins whose targets are known, with a half-life in sessions. Prints
QLIKE relative to HAR by horizon. Without a panel: the two embedded indices, 2003-07 to 2007.
"""

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks._output import build_parser, write_figures
from benchmarks.development import EMBEDDED_START, EMBEDDED_UNTIL
from benchmarks.skill import (
    LINEAR,
    add_external_options,
    build_checked_panel,
    load_embedded_panel,
    select_bars,
    walk_forward,
)
from volcast.models.baselines.catalogue import NETWORK, REFERENCE
from volcast.models.regressor.blending import choose_blend
from volcast.pipeline.backtest.folds import build_folds
from volcast.pipeline.config.load import load_config
from volcast.pipeline.config.source_defaults import with_source_defaults
from volcast.pipeline.data.sources.files import FilesSource
from volcast.pipeline.panel.build import build_sample
from volcast.pipeline.panel.load_external import load_external
from volcast.pipeline.progress import Progress
from volcast.reports.scoring.inference import average_by_date
from volcast.reports.scoring.scored_rows import qlike

WEIGHTS = (0.0, 0.25, 0.5, 0.75, 1.0)
HALF_LIVES, SHARES = (5, 10, 22, 66), (0.25, 0.5)
CELL = ["origin", "ticker"]


def arrange(forecasts: pd.DataFrame, horizon: int) -> pd.DataFrame:
    """Return the forecasts of each model at a horizon side by side, with the outcome `realized`."""
    rows = forecasts[forecasts["horizon"] == horizon]
    table = rows.pivot_table(index=CELL, columns="model", values="variance")
    outcome = rows[rows["model"] == REFERENCE].set_index(CELL)["realized"]
    table = table.assign(realized=outcome).dropna()
    return table[table["realized"] > 0]


def compute_loss(table: pd.DataFrame, variance: Any) -> float:
    """Return the mean QLIKE of a forecast over the dates."""
    loss = qlike(table["realized"].to_numpy(), np.asarray(variance, dtype=np.float64))
    return float(average_by_date(loss, table.index.get_level_values("origin").to_numpy()).mean())


def blend(table: pd.DataFrame, weight: float) -> pd.Series:
    """Return the log mean of the network and the ridge regression, which has the weight."""
    logs = np.log(table[[NETWORK, LINEAR]].to_numpy()) @ [1.0 - weight, weight]
    return pd.Series(np.exp(logs), table.index)


def correct_level(
    table: pd.DataFrame, variance: pd.Series, horizon: int, half_life: int, share: float
) -> pd.Series:
    """Return forecasts corrected by the errors that were known at the origin."""
    log_error = pd.Series(np.log((table["realized"] / variance).to_numpy()), table.index)
    error = log_error.groupby(level="origin").mean()
    # The targets of the last `horizon` origins are not known yet.
    known = error.ewm(halflife=half_life).mean().shift(horizon).fillna(0.0)
    correction = known.reindex(table.index.get_level_values("origin")).to_numpy()
    return pd.Series(variance.to_numpy() * np.exp(share * correction), table.index)


def compare(table: pd.DataFrame, horizon: int, rows: int) -> dict[str, float]:
    """Return QLIKE relative to HAR of each weight and of each correction."""
    har = compute_loss(table, table[REFERENCE])
    found = {f"weight {w:g}": compute_loss(table, blend(table, w)) for w in WEIGHTS}
    chosen = blend(table, choose_blend(rows))
    found["weight by rows"] = compute_loss(table, chosen)
    for half_life in HALF_LIVES:
        for share in SHARES:
            corrected = correct_level(table, chosen, horizon, half_life, share)
            found[f"corrected by {share:g}, {half_life}"] = compute_loss(table, corrected)
    return {name: round(loss / har, 4) for name, loss in found.items()}


def main() -> None:
    """Train once, combine and report."""
    parser = build_parser(__doc__)
    parser.add_argument("--data", type=Path, help="a panel; else the embedded indices")
    parser.add_argument("--until", type=dt.date.fromisoformat, default=EMBEDDED_UNTIL)
    parser.add_argument("--test-start", type=dt.date.fromisoformat, default=EMBEDDED_START)
    parser.add_argument("--refit", type=int, default=126, help="sessions between refits")
    parser.add_argument("--symbols", type=int, help="number of symbols, the first by name")
    parser.add_argument("--sample", type=int, help="number of symbols, drawn at random")
    parser.add_argument("--seed", type=int, default=0, help="of the drawn symbols")
    add_external_options(parser)
    arguments = parser.parse_args()
    config = load_config(
        None,
        {
            "data": {"exogenous": arguments.exogenous, "events": arguments.events},
            "split": {"test_start": arguments.test_start, "refit_every": arguments.refit},
            "baselines": {"models": [REFERENCE, LINEAR]},
            "model": {"blend": 0.0},
        },
    )
    if arguments.data:
        source, now = FilesSource(arguments.data), dt.datetime.now(dt.UTC)
        bars = select_bars(source, arguments.symbols, (None, arguments.until), now)
        if arguments.sample:
            rng = np.random.default_rng(arguments.seed)
            names = sorted(bars["ticker"].unique())
            bars = bars[bars["ticker"].isin(rng.choice(names, arguments.sample, replace=False))]
        external = load_external(config, bars, source, now, Progress())
        panel = build_checked_panel(bars, config, external)
    else:
        config = with_source_defaults(config)
        panel = load_embedded_panel(config, arguments.until)
    first = build_folds(panel, config)[0]
    rows = int(build_sample(panel).usable()[: first.test.start].sum())
    forecasts = walk_forward(panel, config).forecasts
    found = {h: compare(arrange(forecasts, h), h, rows) for h in panel.horizons}
    print(f"{len(panel.tickers)} tickers, {rows:,} rows before the first test")
    for name in found[panel.horizons[0]]:
        print(f"{name:<24}" + " / ".join(f"{found[h][name]:.3f}" for h in panel.horizons))
    write_figures({str(h): values for h, values in found.items()} | {"rows": rows}, arguments.json)


if __name__ == "__main__":
    main()
