"""The look-ahead test of a run, on its own data, settings and models."""

from __future__ import annotations

from pathlib import Path

from volcast.pipeline.backtest.fold_folder import FORECASTS, find_fold_folder, read_fold_tables
from volcast.pipeline.backtest.folds import build_folds
from volcast.pipeline.backtest.look_ahead.feature_probes import probe_features
from volcast.pipeline.backtest.look_ahead.probe import (
    SEED,
    ProbeResult,
    choose_feature_probes,
    choose_fold_probes,
)
from volcast.pipeline.backtest.look_ahead.quality_probes import probe_quality_rules
from volcast.pipeline.backtest.look_ahead.result_log import ResultLog
from volcast.pipeline.backtest.look_ahead.variance_column import check_variance_timing
from volcast.pipeline.backtest.run import STAGES, check_finished
from volcast.pipeline.backtest.run_folder import (
    BARS,
    FEATURES,
    MODEL,
    read_config,
    read_external,
    read_manifest,
    read_table,
)
from volcast.pipeline.config.load import resolve_settings
from volcast.pipeline.config.settings import NO_VINTAGES, Config
from volcast.pipeline.panel.build import assign_calendars, build_grids
from volcast.pipeline.panel.panel_table import read_panel
from volcast.pipeline.progress import Progress

LIMITS = (
    "a test, not a proof: it cannot find a history that its source revised or smoothed before "
    "volcast read it, tickers chosen because they survived, or a model that reads other files"
)
NEEDED = ("download", "features", "train")


def verify_no_look_ahead(
    folder: Path, progress: Progress, *, probes: int = 1, seed: int = SEED
) -> list[ProbeResult]:
    """Test that nothing in a run uses data from after its origin.

    In every fold, bars after random origins are corrupted or removed. Features, forecasts,
    intervals, value at risk and decisions of the quality rules up to the origin must stay
    bit-identical to those of the run, which another process computed from the complete bars. Models
    are refitted for it. A measured variance is checked by statistics, which give warnings.

    Parameters
    ----------
    folder
        A run folder whose models are trained.
    progress
        Receives a line per probe.
    probes
        Random origins in each fold.
    seed
        Of origins and corruption.

    Returns
    -------
    One result per probe.

    Raises
    ------
    VerificationError
        A value changed; the message names the feature, model or rule, the ticker and the session.
    RunFolderError
        The folder is not a run folder, or the run is not trained with its settings.
    """
    config = resolve_settings(read_config(folder))
    table = read_table(folder / BARS)
    _check_trained(folder, config)
    panel = read_panel(folder / FEATURES)
    bars = build_grids(table, config, external=read_external(folder))
    folds = build_folds(panel, config)
    chosen = choose_fold_probes(folds, probes, seed)
    origins = sorted({panel.sessions[probe.position] for _, probe in chosen})
    calendars = assign_calendars(panel.tickers, config)
    for_features = choose_feature_probes(folds, probes, seed)
    tested = ResultLog(progress)
    tested.add("quality rules", probe_quality_rules(table, calendars, origins, seed), len(origins))
    if any(grid.uses_realized.any() for grid in bars.values()):
        tested.add("variance column", check_variance_timing(bars))
    found = probe_features(panel, bars, for_features, config, seed)
    tested.add("features", found, len({probe.position for probe in for_features}))
    # The models are imported only here: a leak in a feature is found within seconds.
    from volcast.pipeline.backtest.look_ahead.forecast_probes import probe_forecasts
    from volcast.pipeline.backtest.look_ahead.interval_probes import probe_intervals
    from volcast.pipeline.backtest.look_ahead.vintage_probes import probe_vintages

    folders = [find_fold_folder(folder / MODEL, fold.number) for fold in folds]
    if config.model.pretrained != NO_VINTAGES:
        found = probe_vintages(folds, folders, panel, config)
        tested.add("pretrained vintages", found, len(folds))
    stored = read_fold_tables(folders, FORECASTS)
    found = probe_forecasts(stored, panel, bars, chosen, config, seed)
    tested.add("forecasts", found, len(chosen))
    found = probe_intervals(stored, panel, bars, chosen, config, seed)
    tested.add("intervals, value at risk", found, len(chosen))
    progress.note(LIMITS)
    progress.note(tested.summary())
    return tested.results


def _check_trained(folder: Path, config: Config) -> None:
    """Raise ``RunFolderError`` unless the run is trained with its settings."""
    needed = [stage for stage in STAGES if stage.name in NEEDED]
    check_finished(needed, folder, config, read_manifest(folder), needed_by="verify")
