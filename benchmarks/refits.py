"""What it costs to keep a network: its loss by age, against networks trained anew.

Usage: python -m benchmarks.refits [--every 66] [--json FILE]

The embedded indices from 2004 to 2018, one session ahead. Every 1,000 sessions a network is trained
and kept to the end; another is trained anew every `--every` sessions. Prints by how much the mean
QLIKE of the latter is lower, in the first, second, third and fourth year and after, with the t of
Diebold and Mariano (negative: the networks trained anew are better).
"""

import numpy as np
import pandas as pd

from benchmarks._output import build_parser, print_figures, write_figures
from benchmarks.development import build_embedded_panel
from volcast.features.panel import Panel
from volcast.models.baselines.catalogue import NETWORK
from volcast.models.insanity_filter import Bounds
from volcast.models.network import Network
from volcast.pipeline.backtest.model_factory import build_regressor
from volcast.pipeline.backtest.walk_forward import fit_models, forecast_within_bounds
from volcast.pipeline.config.settings import Config
from volcast.pipeline.job.challenger import build_fold
from volcast.pipeline.panel.build import build_sample
from volcast.reports.scoring.inference import Floats, diebold_mariano
from volcast.reports.scoring.scored_rows import qlike

FIRST, KEPT_EVERY = pd.Timestamp("2004-01-02"), 1000
AGES = {"year 1": (0, 250), "year 2": (250, 500), "years 3 and 4": (500, 1000)}
AGES |= {"later": (1000, 10_000)}


def train(panel: Panel, config: Config, start: int) -> tuple[Network, Bounds]:
    """Return a network trained on what was known before position `start`."""
    network = Network(build_regressor(config))
    fold = build_fold(panel, config, start)
    bounds, _ = fit_models({NETWORK: network}, build_sample(panel), fold)
    return network, bounds


def compute_losses(panel: Panel, model: tuple[Network, Bounds], origins: slice) -> Floats:
    """Return the QLIKE of the shortest horizon, averaged over the tickers, (n,)."""
    network, bounds = model
    sample = build_sample(panel).until(origins.stop - 1)
    variance = forecast_within_bounds(network, sample, origins, bounds)["variance"][:, :, 0]
    return np.asarray(qlike(panel.target[origins, :, 0], variance).mean(axis=1))


def compare_ages(panel: Panel, config: Config, every: int) -> pd.DataFrame:
    """Return `age, kept, renewed`: the losses of kept networks and of the one trained anew."""
    first, last = int(panel.sessions.searchsorted(FIRST)), len(panel.sessions) - 1
    kept: dict[int, tuple[Network, Bounds]] = {}
    rows = []
    for start in range(first, last, every):
        origins = slice(start, min(start + every, last))
        newest = train(panel, config, start)
        if (start - first) % (KEPT_EVERY // every * every) == 0:
            kept[start] = newest
        renewed = compute_losses(panel, newest, origins)
        for trained_at, model in kept.items():
            age = np.arange(origins.start, origins.stop) - trained_at
            losses = compute_losses(panel, model, origins)
            rows.append(pd.DataFrame({"trained": trained_at, "age": age, "kept": losses}))
            rows[-1]["renewed"] = renewed
    return pd.concat(rows, ignore_index=True).dropna()


def main() -> None:
    """Compare kept and renewed networks by age and report the figures."""
    parser = build_parser(__doc__)
    parser.add_argument("--every", type=int, default=66)
    arguments = parser.parse_args()
    config = Config()
    panel = build_embedded_panel(config, None)
    table = compare_ages(panel, config, arguments.every)
    figures: dict[str, float] = {}
    for trained, rows in table.groupby("trained"):
        for name, (young, old) in AGES.items():
            part = rows[(rows["age"] >= young) & (rows["age"] < old)]
            if part.empty or rows["age"].max() < min(old - 1, young + 250):
                continue
            test = diebold_mariano(part["renewed"] - part["kept"], part["age"], 1)
            label = f"trained {panel.sessions[int(str(trained))].date()}, {name}"
            figures[f"{label}: gain"] = float(1 - part["renewed"].mean() / part["kept"].mean())
            figures[f"{label}: t"] = test.statistic
    print_figures(figures, ".3f")
    write_figures(figures, arguments.json)


if __name__ == "__main__":
    main()
