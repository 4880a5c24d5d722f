"""Alarm rates of the monitoring: features of the embedded indices by year, and drifting losses.

Usage: python -m benchmarks.monitoring [--json FILE]

Features: the number beyond the usual limit of PSI (0.25) and beyond the limit that the sessions
before give, as the daily job computes it, every tenth day. Losses: heavy-tailed differences
(Student's t with 3 degrees of freedom) whose mean stays as it is or rises by a share of their
standard deviation.
"""

import numpy as np
import pandas as pd

from benchmarks._output import build_parser, write_figures
from benchmarks.development import build_embedded_panel
from volcast.pipeline.config.settings import Config
from volcast.pipeline.job.monitoring.drift import observe_input_drift
from volcast.reports.monitoring.loss import LossCusum

MONITORED_YEARS, EVERY = range(2004, 2019), 10
USUAL_LIMIT = 0.25
RISES = (0.0, 0.25, 0.5, 1.0)
REFERENCES, YEARS, SESSIONS, REFERENCE_SESSIONS = 20, 200, 250, 1_000


def count_feature_alarms() -> dict[str, dict[str, float]]:
    """Return by year the mean number of features beyond either limit, and the worst day."""
    panel = build_embedded_panel(Config(), None)
    by_year = {}
    for year in MONITORED_YEARS:
        first, end = panel.sessions.searchsorted(pd.DatetimeIndex([f"{year}", f"{year + 1}"]))
        tables = [observe_input_drift(panel, origin) for origin in range(first, end, EVERY)]
        beyond = [sum(row.value > row.limit for row in table) for table in tables]
        usual = [sum(row.value > USUAL_LIMIT for row in table) for table in tables]
        by_year[str(year)] = {
            "usual_limit": float(np.mean(usual)),
            "own_limit": float(np.mean(beyond)),
            "worst_day": float(max(beyond)),
            "days_without_alarm": float(np.mean(np.equal(beyond, 0))),
        }
    return by_year


def count_loss_alarms(rise: float) -> dict[str, float]:
    """Return the share of years with an alarm, and the median sessions until it."""
    rng = np.random.default_rng(0)
    alarmed, delays = [], []
    for _ in range(REFERENCES):
        cusum = LossCusum(rng.standard_t(3, REFERENCE_SESSIONS))
        years = rng.standard_t(3, (YEARS, SESSIONS)) + rise * np.sqrt(3)  # its standard deviation
        beyond = cusum.path(years) > cusum.limit
        alarmed.append(beyond.any(axis=1).mean())
        delays += list(beyond.argmax(axis=1)[beyond.any(axis=1)] + 1)
    return {
        "years_with_alarm": float(np.mean(alarmed)),
        "median_sessions": float(np.median(delays)),
    }


def main() -> None:
    """Measure both and report them."""
    parser = build_parser(__doc__)
    arguments = parser.parse_args()
    figures = {f"features, {year}": alarms for year, alarms in count_feature_alarms().items()}
    figures |= {
        f"losses, mean up by {rise:g} standard deviations": count_loss_alarms(rise)
        for rise in RISES
    }
    for name, shares in figures.items():
        print(f"{name:<45}" + "  ".join(f"{key} {x:.3f}" for key, x in shares.items()))
    write_figures(figures, arguments.json)


if __name__ == "__main__":
    main()
