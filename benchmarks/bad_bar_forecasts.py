"""How far corrupt bars in the history move the newest forecasts, from the raw bars to the number.

Usage: python -m benchmarks.bad_bar_forecasts [--data PANEL.parquet] [--tickers 4] [--places 2]
    [--json FILE]

Every corruption of the catalogue of the tests is put into the first ticker at random days; the bars
pass the quality rules, HAR, HAR-X and the network are fitted anew, and the volatility forecast from
the newest session is compared with that from clean bars, for every ticker and horizon. The figures
are the largest change in percent; those of a right row that is missing show the noise of training.
Without a panel the embedded indices are used.
"""

import sys
from pathlib import Path
from typing import Any

if __package__ in (None, ""):  # as a script
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np
import pandas as pd

from benchmarks._output import build_parser, print_figures, write_figures
from benchmarks.bad_bars import MARGIN, SEED, read_panel
from tests.pipeline.data.quality.corruptions import CORRUPTIONS
from volcast.models.baselines.catalogue import NETWORK, REFERENCE, make_baseline
from volcast.models.network import Network
from volcast.pipeline.backtest.model_factory import build_regressor
from volcast.pipeline.backtest.walk_forward import fit_models, forecast_within_bounds
from volcast.pipeline.config.settings import Config
from volcast.pipeline.data.contract.bar_table import to_bar_table
from volcast.pipeline.data.contract.source import Request
from volcast.pipeline.data.quality.check import check_bars
from volcast.pipeline.data.sources.sample import SampleSource
from volcast.pipeline.job.challenger import build_fold
from volcast.pipeline.panel.build import build_grids, build_panel, build_sample

LINEAR = "harx"
MISSING = "a right row is missing"  # what any change of the rows does to a trained network


def drop_row(bars: pd.DataFrame, at: int) -> pd.DataFrame:
    """Return the bars without a row."""
    return pd.DataFrame(bars.drop(index=bars.index[at]).reset_index(drop=True))


def load_bars(data: Path | None, tickers: int) -> pd.DataFrame:
    """Return the bars of the first tickers of a panel, or of the embedded indices."""
    if data is None:
        now = pd.Timestamp.now(tz="UTC").to_pydatetime()
        return to_bar_table(SampleSource().load(Request((), None, None, now)).bars)
    panel = read_panel(data)
    full = panel.groupby("ticker")["session"].transform("size") == panel["session"].nunique()
    chosen = panel.loc[full, "ticker"].unique()[:tickers]
    return panel[panel["ticker"].isin(chosen)].reset_index(drop=True)


def forecast_newest(bars: pd.DataFrame, config: Config) -> dict[str, pd.Series]:
    """Return the volatility of the newest session's forecasts by ticker and horizon, by model."""
    panel = build_panel(build_grids(check_bars(bars).bars, config), config)
    origin = len(panel.sessions) - 1
    sample, fold = build_sample(panel), build_fold(panel, config, origin)
    models: dict[str, Any] = {NETWORK: Network(build_regressor(config))}
    models |= {name: make_baseline(name) for name in (REFERENCE, LINEAR)}
    bounds, _ = fit_models(models, sample, fold)
    index = pd.MultiIndex.from_product([panel.tickers, panel.horizons])
    found = {}
    for name, model in models.items():
        variance = forecast_within_bounds(model, sample, slice(origin, origin + 1), bounds)
        calibrated = variance["variance"][0] * panel.level_factor[origin][:, None]
        found[name] = pd.Series(np.sqrt(calibrated).ravel(), index)
    return found


def main() -> None:
    """Corrupt, forecast and report the changes."""
    parser = build_parser(__doc__)
    parser.add_argument("--data", type=Path, help="a panel of raw bars")
    parser.add_argument("--tickers", type=int, default=4, help="tickers of the panel")
    parser.add_argument("--places", type=int, default=2, help="days of each corruption")
    arguments = parser.parse_args()
    config = Config()
    bars = load_bars(arguments.data, arguments.tickers)
    first = bars["ticker"] == bars["ticker"].iloc[0]
    own, others = bars[first].reset_index(drop=True), bars[~first]
    clean = forecast_newest(bars, config)
    rng = np.random.default_rng(SEED)
    figures: dict[str, Any] = {}
    for name, corruption in {MISSING: drop_row, **CORRUPTIONS}.items():
        changes: dict[str, float] = {}
        for place in rng.integers(MARGIN, len(own) - MARGIN, arguments.places):
            corrupt = pd.concat([corruption(own, int(place)), others], ignore_index=True)
            for model, volatility in forecast_newest(corrupt, config).items():
                change = 100 * (volatility / clean[model] - 1).abs().max()
                changes[model] = max(changes.get(model, 0.0), round(float(change), 2))
        figures[name] = changes
    print_figures(figures)
    write_figures(figures, arguments.json)


if __name__ == "__main__":
    main()
