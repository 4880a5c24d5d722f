"""How often monitoring alarms: features of the embedded indices by year, and drifting losses.

Usage: python -m benchmarks.monitoring [--json FILE]

Features: how many lie beyond the usual limit of PSI (0.25) and beyond the limit that the sessions
before set, as the daily job looks at them, every tenth evening. Losses: heavy-tailed differences
(Student's t with 3 degrees of freedom) that stay as they were, or whose mean rises by a share of
their deviation.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.development import embedded_panel
from volcast.pipeline.config.settings import Config
from volcast.pipeline.job.monitoring.drift import drift_of_inputs
from volcast.reports.monitoring.loss import LossCusum

YEARS_WATCHED, EVERY = range(2004, 2019), 10
USUAL_LIMIT = 0.25
RISES = (0.0, 0.25, 0.5, 1.0)
REFERENCES, YEARS, SESSIONS, REFERENCE_SESSIONS = 20, 200, 250, 1_000


def feature_alarms() -> dict[str, dict[str, float]]:
    """Return by year the mean number of features beyond either limit, and the worst evening."""
    panel = embedded_panel(Config(), None)
    found = {}
    for year in YEARS_WATCHED:
        first, end = panel.sessions.searchsorted(pd.DatetimeIndex([f"{year}", f"{year + 1}"]))
        tables = [drift_of_inputs(panel, origin) for origin in range(first, end, EVERY)]
        beyond = [sum(each.value > each.limit for each in table) for table in tables]
        usual = [sum(each.value > USUAL_LIMIT for each in table) for table in tables]
        found[str(year)] = {
            "usual_limit": float(np.mean(usual)),
            "own_limit": float(np.mean(beyond)),
            "worst_evening": float(max(beyond)),
            "quiet_evenings": float(np.mean(np.equal(beyond, 0))),
        }
    return found


def loss_alarms(rise: float) -> dict[str, float]:
    """Return the share of years with an alarm, and the median sessions until it."""
    rng = np.random.default_rng(0)
    hit, delay = [], []
    for _ in range(REFERENCES):
        cusum = LossCusum(rng.standard_t(3, REFERENCE_SESSIONS))
        years = rng.standard_t(3, (YEARS, SESSIONS)) + rise * np.sqrt(3)  # its deviation
        beyond = cusum.path(years) > cusum.limit
        hit.append(beyond.any(axis=1).mean())
        delay += list(beyond.argmax(axis=1)[beyond.any(axis=1)] + 1)
    return {"years_with_alarm": float(np.mean(hit)), "median_sessions": float(np.median(delay))}


def main() -> None:
    """Measure both, print them and write them where asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    arguments = parser.parse_args()
    figures = {f"features, {year}": of for year, of in feature_alarms().items()}
    figures |= {f"losses, mean up by {rise:g} deviations": loss_alarms(rise) for rise in RISES}
    for name, shares in figures.items():
        print(f"{name:<36}" + "  ".join(f"{key} {x:.3f}" for key, x in shares.items()))
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
