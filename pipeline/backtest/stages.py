"""The stages, each a plain function from the files before it to its own."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from volcast.pipeline.backtest.run_folder import (
    BARS,
    DIAGNOSIS,
    FEATURES,
    FORECASTS,
    HISTORY,
    MODEL,
    QUALITY,
    REPORT_HTML,
    REPORT_MD,
    RISK,
    SCORES,
    STEPS,
    read_table,
)
from volcast.pipeline.config.settings import Config
from volcast.pipeline.errors import RunFolderError
from volcast.pipeline.files import hash_path, write_folder, write_frame, write_text
from volcast.pipeline.progress import Progress

FOLD_FORECASTS = "forecasts.parquet"
FOLD_HISTORY = "history.csv"
FOLD_MEMBERS = "members.parquet"
FOLD_KEY = "fold.json"


@dataclass(frozen=True)
class Work:
    """What every stage is given.

    Attributes
    ----------
    folder : Path
        The run folder.
    config : Config
    progress : Progress
    now : datetime
        The clock, with a timezone.
    key : str
        Hash of everything that the result of the stage depends on.
    manifest : dict
        As it stands before the stage.
    """

    folder: Path
    config: Config
    progress: Progress
    now: dt.datetime
    key: str
    manifest: dict[str, Any]


def download(work: Work) -> dict[str, Any]:
    """Load the bars and apply the rules of quality; write bars.parquet and quality.csv."""
    from volcast.pipeline.panel.load_bars import load_bars

    loaded = load_bars(work.config, work.now, work.progress)
    bars = loaded.bars
    _tell(loaded.failures, work.progress)
    write_frame(work.folder / QUALITY, loaded.quality)
    write_frame(work.folder / BARS, bars)
    work.progress.note(
        f"{len(bars):,} bars of {bars['ticker'].nunique()} tickers, "
        f"{bars['session'].min():%Y-%m-%d} to {bars['session'].max():%Y-%m-%d}"
    )
    return {
        "failures": dict(loaded.failures),
        "bars": len(bars),
        "tickers": bars["ticker"].nunique(),
        "content": dict(loaded.content),
        "vintages": dict(loaded.vintages),
        "notes": list(loaded.notes),
    }


def features(work: Work) -> dict[str, Any]:
    """Build features and targets; write features.parquet."""
    from volcast.pipeline.panel.build import (
        build_grids,
        build_panel,
        find_tickers_without_rows,
        panel_to_frame,
    )

    bars = read_table(work.folder / BARS)
    panel = build_panel(build_grids(bars, work.config), work.config)
    write_frame(work.folder / FEATURES, panel_to_frame(panel))
    failures = {
        ticker: f"its history is too short for any forecast: {known} sessions with a variance, "
        "about a year is needed"
        for ticker, known in find_tickers_without_rows(panel).items()
    }
    _tell(failures, work.progress)
    work.progress.note(f"{len(panel.names)} features, {len(panel.sessions):,} sessions")
    return {
        "features": list(panel.names),
        "sessions": len(panel.sessions),
        "failures": failures,
    }


def train(work: Work) -> dict[str, Any]:
    """Fit every model on every fold and forecast; write model/ and history.csv.

    A fold that an earlier, interrupted run has finished is taken over.
    """
    from volcast.pipeline.backtest.walk_forward import build_folds, iter_folds
    from volcast.pipeline.panel.build import read_panel
    from volcast.reports import verdicts

    panel = read_panel(work.folder / FEATURES)
    folds = build_folds(panel, work.config)
    model = work.folder / MODEL
    model.mkdir(exist_ok=True)
    kept = [fold_folder(model, fold.number) for fold in folds]
    _remove_others(model, kept)
    due = [fold for fold in folds if not _is_finished(kept[fold.number], work.key)]
    if len(due) < len(folds):
        work.progress.note(f"{len(folds) - len(due)} folds were finished before and are kept")
    with closing(iter_folds(panel, due, work.config, work.progress)) as results:
        for fold in due:
            first = f"{panel.sessions[fold.test.start]:%Y-%m-%d}"
            work.progress.fold(fold.number, len(folds), first)
            save = partial(_save, result=next(results), key=work.key, horizons=panel.horizons)
            write_folder(kept[fold.number], save)
    history = _gather(kept, FOLD_HISTORY)
    write_frame(work.folder / HISTORY, history)
    verdict = verdicts.summary(verdicts.verdicts(history, work.config.model.epochs))
    work.progress.note(verdict)
    return {"folds": len(folds), "verdict": verdict}


def evaluate(work: Work) -> dict[str, Any]:
    """Join forecasts with outcomes and judge them; write forecasts.parquet and the judgements."""
    from volcast.pipeline.backtest import evaluation
    from volcast.pipeline.panel.build import read_panel
    from volcast.reports.gain_attribution import steps_sentence, steps_table
    from volcast.reports.headline import verdict_sentence
    from volcast.reports.risk import risk_table
    from volcast.reports.scores import score_table, scored_rows
    from volcast.reports.value_at_risk import tail_forecasts

    places = sorted((work.folder / MODEL).glob("fold-*"))
    folds, level = _gather(places, FOLD_FORECASTS), work.config.report.interval
    panel = read_panel(work.folder / FEATURES)
    table = evaluation.forecast_table(folds, level)
    readable = evaluation.add_volatility(table, work.config)
    scores = score_table(readable, interval_level=level)
    first = evaluation.forecast_without_refitting(places[0], panel, table)
    members = _gather(places, FOLD_MEMBERS)
    steps = steps_table(evaluation.build_attribution_losses(scored_rows(readable), members, first))
    risk = risk_table(tail_forecasts(evaluation.select_tail_rows(folds, panel)))
    for name, result in (
        (FORECASTS, table),
        (SCORES, scores),
        (STEPS, steps),
        (RISK, risk),
    ):
        write_frame(work.folder / name, result)
    verdict = verdict_sentence(scores)
    work.progress.note(verdict)
    if steps_sentence(steps):
        work.progress.note(steps_sentence(steps))
    return {"forecasts": len(table), "verdict": verdict}


def diagnose(work: Work) -> dict[str, Any]:
    """Measure what [diagnose] asks for about the training; write diagnosis/."""
    parts = work.config.diagnose.parts

    def measure(folder: Path) -> None:
        from volcast.pipeline.backtest.development_split import build_development_problem
        from volcast.pipeline.diagnostics.tables import measure_diagnostic, write_tables
        from volcast.pipeline.panel.build import read_panel

        panel = read_panel(work.folder / FEATURES)
        problem = build_development_problem(panel, work.config)
        for name in parts:
            write_tables(folder, name, measure_diagnostic(name, problem, work.progress))

    write_folder(work.folder / DIAGNOSIS, measure if parts else lambda _: None)
    return {"parts": list(parts)}


def report(work: Work) -> dict[str, Any]:
    """Render the result; write report.html and report.md."""
    from volcast.pipeline.backtest.report_inputs import report_content
    from volcast.reports.document import render_html, render_markdown

    content = report_content(work.folder, work.config, work.manifest)
    write_text(work.folder / REPORT_MD, render_markdown(content))
    write_text(work.folder / REPORT_HTML, render_html(content))
    work.progress.note(str(work.folder / REPORT_HTML))
    return {}


def _tell(failures: Mapping[str, str], progress: Progress) -> None:
    for ticker, reason in failures.items():
        progress.note(f"{ticker} left out: {reason}")


def fold_folder(model: Path, number: int) -> Path:
    """Return the folder of a fold's network, forecasts and curves."""
    return model / f"fold-{number:03d}"


def _save(folder: Path, result: Any, key: str, horizons: Sequence[int]) -> None:
    from volcast.pipeline.backtest.training_curves import build_training_curves

    result.regressor.save(folder)
    number = int(result.forecasts["fold"].iloc[0])
    history = build_training_curves(result.regressor, number, horizons)
    history.to_csv(folder / FOLD_HISTORY, index=False)
    result.forecasts.to_parquet(folder / FOLD_FORECASTS, index=False)
    result.members.to_parquet(folder / FOLD_MEMBERS, index=False)
    finished = {"key": key, "files": _digests(folder)}
    (folder / FOLD_KEY).write_text(json.dumps(finished), encoding="utf-8")


def _is_finished(folder: Path, key: str) -> bool:
    """Return whether a fold was finished under this key and its files are what it wrote."""
    try:
        finished = json.loads((folder / FOLD_KEY).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(finished == {"key": key, "files": _digests(folder)})


def _digests(folder: Path) -> dict[str, str | None]:
    """Return the hash of each file of a fold, by name."""
    files = sorted(file for file in folder.iterdir() if file.name != FOLD_KEY)
    return {file.name: hash_path(file) for file in files}


def _remove_others(model: Path, kept: Iterable[Path]) -> None:
    for path in set(model.iterdir()) - set(kept):
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def _gather(folders: list[Path], name: str) -> pd.DataFrame:
    if not folders:
        raise RunFolderError("the run has no trained folds; run `volcast train` on it first")
    return pd.concat([read_table(folder / name) for folder in folders], ignore_index=True)
