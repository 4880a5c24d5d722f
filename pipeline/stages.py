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

from pipeline import artifacts
from pipeline.config import Config
from pipeline.errors import RunFolderError
from pipeline.progress import Progress

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
    from pipeline.loading import load_bars

    loaded = load_bars(work.config, work.now, work.progress)
    bars = loaded.bars
    _tell(loaded.failures, work.progress)
    artifacts.write_frame(work.folder / artifacts.QUALITY, loaded.quality)
    artifacts.write_frame(work.folder / artifacts.BARS, bars)
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
    from pipeline.panels import grids, panel_of, to_frame, without_rows

    bars = artifacts.read_frame(work.folder / artifacts.BARS)
    panel = panel_of(grids(bars, work.config), work.config)
    artifacts.write_frame(work.folder / artifacts.FEATURES, to_frame(panel))
    failures = {
        ticker: f"its history is too short for any forecast: {known} sessions with a variance, "
        "about a year is needed"
        for ticker, known in without_rows(panel).items()
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
    from pipeline import panels, walk
    from reports import verdicts

    panel = panels.read(work.folder / artifacts.FEATURES)
    folds = walk.folds_of(panel, work.config)
    model = work.folder / artifacts.MODEL
    model.mkdir(exist_ok=True)
    kept = [fold_folder(model, fold.number) for fold in folds]
    _remove_others(model, kept)
    due = [fold for fold in folds if not _is_finished(kept[fold.number], work.key)]
    if len(due) < len(folds):
        work.progress.note(f"{len(folds) - len(due)} folds were finished before and are kept")
    with closing(walk.walk(panel, due, work.config, work.progress)) as results:
        for fold in due:
            first = f"{panel.sessions[fold.test.start]:%Y-%m-%d}"
            work.progress.fold(fold.number, len(folds), first)
            save = partial(_save, result=next(results), key=work.key, horizons=panel.horizons)
            artifacts.write_folder(kept[fold.number], save)
    history = _gather(kept, FOLD_HISTORY)
    artifacts.write_frame(work.folder / artifacts.HISTORY, history)
    verdict = verdicts.summary(verdicts.verdicts(history, work.config.model.epochs))
    work.progress.note(verdict)
    return {"folds": len(folds), "verdict": verdict}


def evaluate(work: Work) -> dict[str, Any]:
    """Join forecasts with outcomes and judge them; write forecasts.parquet and the judgements."""
    from pipeline import evaluation, panels
    from reports.answer import verdict_sentence
    from reports.risk import risk_table
    from reports.scores import score_table, scored_rows
    from reports.steps import steps_sentence, steps_table
    from reports.tails import tail_forecasts

    places = sorted((work.folder / artifacts.MODEL).glob("fold-*"))
    folds, level = _gather(places, FOLD_FORECASTS), work.config.report.interval
    panel = panels.read(work.folder / artifacts.FEATURES)
    table = evaluation.forecast_table(folds, level)
    readable = evaluation.with_volatility(table, work.config)
    scores = score_table(readable, interval_level=level)
    first = evaluation.never_refitted(places[0], panel, table)
    members = _gather(places, FOLD_MEMBERS)
    steps = steps_table(evaluation.step_losses(scored_rows(readable), members, first))
    risk = risk_table(tail_forecasts(evaluation.tail_rows(folds, panel)))
    for name, result in (
        (artifacts.FORECASTS, table),
        (artifacts.SCORES, scores),
        (artifacts.STEPS, steps),
        (artifacts.RISK, risk),
    ):
        artifacts.write_frame(work.folder / name, result)
    verdict = verdict_sentence(scores)
    work.progress.note(verdict)
    if steps_sentence(steps):
        work.progress.note(steps_sentence(steps))
    return {"forecasts": len(table), "verdict": verdict}


def diagnose(work: Work) -> dict[str, Any]:
    """Measure what [diagnose] asks for about the training; write diagnosis/."""
    parts = work.config.diagnose.parts

    def measure(folder: Path) -> None:
        from pipeline import diagnosis, panels
        from pipeline.problem import development_problem

        panel = panels.read(work.folder / artifacts.FEATURES)
        problem = development_problem(panel, work.config)
        for name in parts:
            diagnosis.write_tables(folder, name, diagnosis.measure(name, problem, work.progress))

    artifacts.write_folder(work.folder / artifacts.DIAGNOSIS, measure if parts else lambda _: None)
    return {"parts": list(parts)}


def report(work: Work) -> dict[str, Any]:
    """Render the result; write report.html and report.md."""
    from pipeline.content import report_content
    from reports.document import render_html, render_markdown

    content = report_content(work.folder, work.config, work.manifest)
    artifacts.write_text(work.folder / artifacts.REPORT_MD, render_markdown(content))
    artifacts.write_text(work.folder / artifacts.REPORT_HTML, render_html(content))
    work.progress.note(str(work.folder / artifacts.REPORT_HTML))
    return {}


def _tell(failures: Mapping[str, str], progress: Progress) -> None:
    for ticker, reason in failures.items():
        progress.note(f"{ticker} left out: {reason}")


def fold_folder(model: Path, number: int) -> Path:
    """Return the folder of a fold's network, forecasts and curves."""
    return model / f"fold-{number:03d}"


def _save(folder: Path, result: Any, key: str, horizons: Sequence[int]) -> None:
    from pipeline.history import history_frame

    result.regressor.save(folder)
    number = int(result.forecasts["fold"].iloc[0])
    history = history_frame(result.regressor, number, horizons)
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
    return {file.name: artifacts.digest(file) for file in files}


def _remove_others(model: Path, kept: Iterable[Path]) -> None:
    for path in set(model.iterdir()) - set(kept):
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def _gather(folders: list[Path], name: str) -> pd.DataFrame:
    if not folders:
        raise RunFolderError("the run has no trained folds; run `volcast train` on it first")
    return pd.concat([artifacts.read_frame(folder / name) for folder in folders], ignore_index=True)
