"""What a vintage reaches on tickers and years that it was not trained on, relative to HAR."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volcast.models.baselines.har import LogHAR
from volcast.models.forecaster import Sample, Split
from volcast.models.pretrained.training import VALIDATION_SESSIONS
from volcast.models.pretrained.vintage import Vintage
from volcast.reports.scoring.scored_rows import qlike

LATER_SESSIONS = 500  # two years after the cut-off
FEWEST_ROWS = 1000  # for a figure


def judge_vintage(
    vintage: Vintage, sample: Sample, left_out: NDArray[np.bool_], last: int
) -> dict[str, Any]:
    """Return the QLIKE of a vintage relative to log-HAR by ticker, on what it was not trained on.

    Parameters
    ----------
    vintage
        Trained on the sessions of the sample up to position `last`.
    sample
        All sessions, those after the cut-off too.
    left_out
        The tickers that were not trained on, (N,).
    last
        The position of the cut-off.

    Returns
    -------
    By period and tickers, the ratio at each horizon and the number of sessions and rows. The period
    "validation" is the year before the cut-off, which stopped the training; "later" the two years
    after it, if the sample has them. HAR is fitted to the sessions before the period and sees,
    unlike the vintage, the tickers that were left out.
    """
    start = last + 1 - VALIDATION_SESSIONS
    periods = {
        "validation": slice(start, last + 1),
        "later": slice(last + 1, min(last + 1 + LATER_SESSIONS, len(sample.sessions))),
    }
    reached: dict[str, Any] = {}
    for period, origins in periods.items():
        losses = compute_losses(vintage, sample, origins)
        for name, columns in (("tickers left out", left_out), ("tickers trained on", ~left_out)):
            found = compare_losses(losses[:, :, columns], sample.horizons)
            if found:
                reached[f"{period}, {name}"] = found
    return reached


def compute_losses(vintage: Vintage, sample: Sample, origins: slice) -> NDArray[np.float64]:
    """Return the QLIKE of the vintage and of HAR, (2, n, N, H), NaN where either is unknown."""
    shape = (*sample.variance[origins].shape, len(sample.horizons))
    if not shape[0]:
        return np.full((2, *shape), np.nan)
    known = sample.until(origins.start - 1)
    fitted = slice(0, origins.start)
    har = LogHAR().fit(known, Split(fitted, slice(origins.start, origins.start)))
    pretrained = np.exp(vintage.forecast_origins_log(sample, origins))
    target = sample.target[origins]
    losses = np.stack([qlike(target, f) for f in (pretrained, har.forecast(sample, origins))])
    return np.where(np.isfinite(losses).all(axis=0), losses, np.nan)


def compare_losses(losses: NDArray[np.float64], horizons: tuple[int, ...]) -> dict[str, Any]:
    """Return the ratio of mean losses (2, n, N, H) at each horizon; none for too few rows."""
    rows = np.isfinite(losses[0]).sum(axis=(0, 1))
    if rows.min() < FEWEST_ROWS:
        return {}
    own, har = np.nanmean(losses, axis=(1, 2))
    return {
        "ratio_to_har": {
            str(h): round(float(r), 4) for h, r in zip(horizons, own / har, strict=True)
        },
        "rows": int(rows.min()),
        "tickers": int(np.isfinite(losses[0]).any(axis=(0, 2)).sum()),
    }
