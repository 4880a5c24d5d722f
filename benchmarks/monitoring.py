"""How often monitoring alarms: features of the embedded indices by quarter, and drifting losses.

Usage: python -m benchmarks.monitoring [--json FILE]

Features: the share beyond the usual limit of PSI (0.25) and beyond the limit that their own
training part sets, over the quarters of the two years after it. Losses: heavy-tailed differences
(Student's t with 3 degrees of freedom) that stay as they were, or whose mean rises by a share of
their deviation.
"""

import argparse
import datetime as dt
import json
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.development import embedded_panel
from pipeline.config import Config
from reports.monitoring.inputs import input_drift
from reports.monitoring.loss import LossCusum

QUARTER, QUARTERS = 63, 8
TRAINED_TO = (dt.date(2003, 1, 1), dt.date(2006, 1, 1), dt.date(2007, 1, 1), dt.date(2014, 1, 1))
YEARS_OF_TRAINING = 4
USUAL_LIMIT = 0.25
RISES = (0.0, 0.25, 0.5, 1.0)
REFERENCES, YEARS, SESSIONS, REFERENCE_SESSIONS = 20, 200, 250, 1_000


def feature_alarms() -> dict[str, dict[str, float]]:
    """Return by training end the mean share of features beyond either limit, and the worst."""
    panel = embedded_panel(Config(), None)
    names = list(panel.names)
    rows = pd.DataFrame(panel.x.reshape(-1, len(names)), columns=names)
    rows["origin"] = np.repeat(panel.sessions.to_numpy(), len(panel.tickers))
    found = {}
    for end in TRAINED_TO:
        last = pd.Timestamp(end)
        begin = last - pd.DateOffset(years=YEARS_OF_TRAINING)
        training = rows[(rows["origin"] >= begin) & (rows["origin"] < last)]
        after = panel.sessions[panel.sessions >= last]
        quarters = [after[QUARTER * n : QUARTER * (n + 1)] for n in range(QUARTERS)]
        tables = [input_drift(training, rows[rows["origin"].isin(q)], names) for q in quarters]
        shares = [float((table["psi"] > table["psi_limit"]).mean()) for table in tables]
        found[str(end)] = {
            "usual_limit": float(np.mean([(t["psi"] > USUAL_LIMIT).mean() for t in tables])),
            "own_limit": float(np.mean(shares)),
            "worst_quarter": max(shares),
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
    figures = {f"features, trained to {end}": of for end, of in feature_alarms().items()}
    figures |= {f"losses, mean up by {rise:g} deviations": loss_alarms(rise) for rise in RISES}
    for name, shares in figures.items():
        print(f"{name:<36}" + "  ".join(f"{key} {x:.3f}" for key, x in shares.items()))
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
