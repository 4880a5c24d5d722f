"""The two look-ahead proofs on a run's own data, features and models."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from volcast.features.bars import Bars
from volcast.features.look_ahead import corrupt_future, find_first_difference
from volcast.features.panel import Panel
from volcast.pipeline.backtest.folds import build_folds
from volcast.pipeline.backtest.run_folder import BARS, read_config, read_table
from volcast.pipeline.backtest.splits import Fold
from volcast.pipeline.backtest.walk_forward import run_fold
from volcast.pipeline.config.settings import Config
from volcast.pipeline.errors import VerificationError
from volcast.pipeline.panel.build import build_grids, build_panel
from volcast.pipeline.progress import Progress

CORRUPTION_SEED = 20_080_915
EARLY_ORIGINS = (0.3, 0.6)  # where the future is cut off, as shares of the sessions
LATE_ORIGIN = 0.9
WEEK = 5  # sessions; a leak may show on one weekday only

Grids = dict[str, Bars]


@dataclass(frozen=True)
class Future:
    """The bars without the future after `origin`; `proof` names how it was removed."""

    proof: str
    origin: pd.Timestamp
    bars: Grids


def verify_no_look_ahead(folder: Path, progress: Progress) -> list[dict[str, Any]]:
    """Prove that no feature and no forecast of a run uses data from after its origin.

    All bars after a session are (a) corrupted and (b) removed; every feature and every forecast of
    that session and the ones before must stay bit-identical. The forecasts are checked on the last
    complete fold, with the future removed after the fold's first origin, which covers the fit, and
    after its middle.

    Parameters
    ----------
    folder
        A run folder with bars.
    progress
        Receives a line per proof.

    Returns
    -------
    One record per proof: `subject` (features, forecasts), `proof`, `origin` and the number of
    values `compared`.

    Raises
    ------
    VerificationError
        A value changed; the message names the feature or model, the ticker and the session.
    RunFolderError
        The folder is not a run folder, or has no bars.
    """
    config = read_config(folder)
    bars = build_grids(read_table(folder / BARS), config)
    panel = build_panel(bars, config)
    fold = _find_last_complete_fold(panel, config)
    records = []
    progress.stage("features")
    for future in _remove_futures(bars, panel, _choose_feature_origins(panel)):
        records.append(_compare_features(panel, future, config))
        progress.note(_describe(records[-1]))
    progress.stage("forecasts")
    forecasts = run_fold(panel, fold, config, progress).forecasts
    middle = (fold.test.start + fold.test.stop) // 2
    for future in _remove_futures(bars, panel, [fold.test.start, middle]):
        records.append(_compare_forecasts(forecasts, future, fold, config))
        progress.note(_describe(records[-1]))
    progress.note("no look-ahead found")
    return records


def _choose_feature_origins(panel: Panel) -> list[int]:
    last = len(panel.sessions) - 1
    late = int(LATE_ORIGIN * last)
    return [*(int(share * last) for share in EARLY_ORIGINS), *range(late - WEEK + 1, late + 1)]


def _find_last_complete_fold(panel: Panel, config: Config) -> Fold:
    folds = build_folds(panel, config)
    return folds[-2] if len(folds) > 1 else folds[-1]


def _remove_futures(bars: Grids, panel: Panel, positions: list[int]) -> Iterator[Future]:
    """Yield the bars with the future after each position corrupted, then truncated."""
    rng = np.random.default_rng(CORRUPTION_SEED)
    for position in positions:
        origin = panel.sessions[position]
        last = {n: int(b.sessions.searchsorted(origin, "right")) - 1 for n, b in bars.items()}
        started = {name: grid for name, grid in bars.items() if last[name] >= 0}
        corrupted_bars = {
            name: corrupt_future(grid, last[name], rng) for name, grid in started.items()
        }
        yield Future("corrupted", origin, corrupted_bars)
        yield Future("truncated", origin, {n: grid.until(last[n]) for n, grid in started.items()})


def _compare_features(panel: Panel, future: Future, config: Config) -> dict[str, Any]:
    """Compare every feature up to the origin; raise ``VerificationError`` at a difference."""
    other = build_panel(future.bars, config)
    last = int(other.sessions.searchsorted(future.origin))
    columns = [panel.tickers.index(ticker) for ticker in other.tickers]
    difference = find_first_difference(panel.x[:, columns], other.x, last)
    if difference is not None:
        row, column, feature = difference
        raise VerificationError(
            f"look-ahead: the feature {panel.names[feature]} of {other.tickers[column]} on "
            f"{panel.sessions[row]:%Y-%m-%d} changes when the bars after "
            f"{future.origin:%Y-%m-%d} are {future.proof}"
        )
    return _record("features", future, (last + 1) * len(columns) * len(panel.names))


def _compare_forecasts(
    before: pd.DataFrame, future: Future, fold: Fold, config: Config
) -> dict[str, Any]:
    """Fit and forecast the fold without its future; raise ``VerificationError`` at a difference."""
    other = build_panel(future.bars, config)
    stop = min(fold.test.stop, len(other.sessions))
    shorter = Fold(fold.number, fold.train, fold.validation, slice(fold.test.start, stop))
    after = run_fold(other, shorter, config, Progress()).forecasts
    keys = ["model", "part", "ticker", "horizon", "origin"]
    both = before[before["origin"] <= future.origin].merge(
        after[after["origin"] <= future.origin], on=keys, how="outer", suffixes=("", "_after")
    )
    one, two = both["variance"].to_numpy(), both["variance_after"].to_numpy()
    differs = ~((one == two) | (np.isnan(one) & np.isnan(two)))
    if differs.any():
        row = both[differs].iloc[0]
        raise VerificationError(
            f"look-ahead: the {row['horizon']}-day forecast of {row['model']} for {row['ticker']} "
            f"on {row['origin']:%Y-%m-%d} changes when the bars after "
            f"{future.origin:%Y-%m-%d} are {future.proof}"
        )
    return _record("forecasts", future, len(both))


def _record(subject: str, future: Future, compared: int) -> dict[str, Any]:
    origin = f"{future.origin:%Y-%m-%d}"
    return {"subject": subject, "proof": future.proof, "origin": origin, "compared": compared}


def _describe(record: dict[str, Any]) -> str:
    return (
        f"{record['compared']:,} values unchanged with the bars after {record['origin']} "
        f"{record['proof']}"
    )
