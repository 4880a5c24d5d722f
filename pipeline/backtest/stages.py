"""The stages of a run: plain functions that read files of the run folder and write others."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from volcast.pipeline.backtest.run_folder import (
    BARS,
    DIAGNOSIS,
    EVENTS,
    FEATURES,
    FORECASTS,
    HISTORY,
    MODEL,
    QUALITY,
    REPORT_HTML,
    REPORT_MD,
    RISK,
    SCORES,
    SERIES,
    STEPS,
    read_external,
    read_table,
)
from volcast.pipeline.config.settings import NO_VINTAGES, Config
from volcast.pipeline.files import write_folder, write_frame, write_text
from volcast.pipeline.memory import release_memory
from volcast.pipeline.progress import Progress

if TYPE_CHECKING:
    from volcast.features.panel import Panel
    from volcast.pipeline.backtest.splits import Fold
    from volcast.pipeline.cluster.work import Executor


@dataclass(frozen=True)
class StageContext:
    """The arguments of every stage.

    Parameters
    ----------
    folder
        The run folder.
    config
        The settings.
    progress
        Receives the progress.
    now
        The clock, with a timezone.
    key
        Hash of everything that the result of the stage depends on.
    manifest
        Of the run, with the stages that ran before.
    executor
        Computes the folds; None: threads of this process.
    """

    folder: Path
    config: Config
    progress: Progress
    now: dt.datetime
    key: str
    manifest: dict[str, Any]
    executor: Executor | None = None


def download(context: StageContext) -> dict[str, Any]:
    """Load the bars and apply the quality rules; write them and quality.csv."""
    from volcast.pipeline.data.quality.summary import format_actions
    from volcast.pipeline.panel.load_bars import load_bars
    from volcast.pipeline.panel.load_series import describe_series
    from volcast.pipeline.panel.report_knowledge import describe_undated_reports

    loaded = load_bars(context.config, context.now, context.progress)
    bars = loaded.bars
    _report_failures(loaded.failures, context.progress)
    write_frame(context.folder / QUALITY, loaded.quality)
    write_frame(context.folder / BARS, bars)
    write_frame(context.folder / EVENTS, loaded.external.events)
    write_frame(context.folder / SERIES, loaded.external.series)
    context.progress.note(
        f"{len(bars):,} bars of {bars['ticker'].nunique()} tickers, "
        f"{bars['session'].min():%Y-%m-%d} to {bars['session'].max():%Y-%m-%d}"
    )
    dates = describe_undated_reports(loaded.external.events)
    for line in (*describe_series(loaded.external.series), *dates):
        context.progress.note(line)
    context.progress.note(format_actions(loaded.quality))
    return {
        "failures": dict(loaded.failures),
        "bars": len(bars),
        "tickers": bars["ticker"].nunique(),
        "content": dict(loaded.content),
        "vintages": dict(loaded.vintages),
        "notes": [*loaded.notes, *dates],
        "understood": list(loaded.understood),
    }


def features(context: StageContext) -> dict[str, Any]:
    """Build features and targets; write features.arrow."""
    from volcast.features.parallel import TICKERS_PER_BLOCK
    from volcast.pipeline.panel.build import (
        build_grids,
        describe_implausible_levels,
        feature_names,
        iterate_panels,
        join_axes,
    )
    from volcast.pipeline.panel.panel_table import write_panels
    from volcast.pipeline.panel.short_histories import find_tickers_without_rows

    external = read_external(context.folder)
    grids = build_grids(read_table(context.folder / BARS), context.config, external=external)
    tickers, sessions = join_axes(grids)
    failures: dict[str, str] = {}
    implausible: list[str] = []

    def iterate() -> Iterator[Panel]:
        blocks = -(-len(tickers) // TICKERS_PER_BLOCK)
        panels = iterate_panels(grids, context.config)
        for panel in context.progress.track(panels, blocks, lambda each: each.tickers[-1]):
            yield panel
            failures.update(find_tickers_without_rows(panel))
            implausible.extend(describe_implausible_levels(panel))

    write_panels(context.folder / FEATURES, iterate(), tickers, sessions)
    _report_failures(failures, context.progress)
    for note in implausible:
        context.progress.note(note)
    names = feature_names(context.config)
    context.progress.note(f"{len(names)} features, {len(sessions):,} sessions")
    return {"features": list(names), "sessions": len(sessions), "failures": failures}


def train(context: StageContext) -> dict[str, Any]:
    """Fit every model on every fold and forecast; write model/ and history.csv.

    Folds that an interrupted run has finished are reused.
    """
    from volcast.pipeline.backtest import fold_folder
    from volcast.pipeline.backtest.first_test import describe_shorter_test
    from volcast.pipeline.backtest.folds import build_folds
    from volcast.pipeline.backtest.model_factory import list_left_out
    from volcast.pipeline.backtest.pretrained_use import (
        describe_pretrained_use,
        read_pretrained_use,
    )
    from volcast.pipeline.panel.build import build_sample
    from volcast.pipeline.panel.panel_table import read_panel
    from volcast.reports.training.curve_verdicts import judge_folds, summarise_verdicts

    panel = read_panel(context.folder / FEATURES)
    folds = build_folds(panel, context.config)
    shorter = describe_shorter_test(panel, build_sample(panel), context.config)
    if shorter:
        context.progress.note(shorter)
    left_out = list_left_out(context.config, len(panel.tickers))
    if left_out:
        context.progress.note(
            f"{', '.join(left_out)} left out of more than {context.config.baselines.garch_tickers} "
            "tickers; baselines.garch_tickers = 10000 includes them"
        )
    model = context.folder / MODEL
    model.mkdir(exist_ok=True)
    folders = [fold_folder.find_fold_folder(model, fold.number) for fold in folds]
    fold_folder.remove_other_folds(model, folders)
    due = [f for f in folds if not fold_folder.is_fold_finished(folders[f.number], context.key)]
    if len(due) < len(folds):
        context.progress.note(f"reusing {len(folds) - len(due)} finished folds")
    unlike = _train_folds(context, panel, due, folders)
    history = fold_folder.read_fold_tables(folders, fold_folder.HISTORY)
    write_frame(context.folder / HISTORY, history)
    verdict = summarise_verdicts(judge_folds(history, context.config.model.epochs))
    context.progress.note(verdict)
    uses = [read_pretrained_use(fold, panel.horizons) for fold in folders]
    if context.config.model.pretrained != NO_VINTAGES:
        context.progress.note(f"pretrained: {describe_pretrained_use(uses)}")
    return {
        "folds": len(folds),
        "verdict": verdict,
        "pretrained": uses,
        "computed_on": fold_folder.read_environments(folders),
        "largest_difference": unlike,
        "notes": [shorter] if shorter else [],
    }


def _train_folds(
    context: StageContext, panel: Panel, due: Sequence[Fold], folders: Sequence[Path]
) -> dict[str, float]:
    """Compute folds and write each into its folder as soon as it comes.

    Returns
    -------
    The largest difference of a forecast of each other processor or TensorFlow from this machine's.
    """
    from volcast.pipeline.backtest.fold_folder import save_fold
    from volcast.pipeline.backtest.fold_work import (
        EnvironmentCheck,
        build_fold_work,
        use_own_vintage,
    )
    from volcast.pipeline.cluster.local_threads import ThreadExecutor

    config, progress = context.config, context.progress

    def show_start(number: int) -> None:
        first = f"{panel.sessions[due[number].test.start]:%Y-%m-%d}"
        progress.fold(due[number].number, len(folders), first)

    executor = context.executor or ThreadExecutor()
    work = build_fold_work(panel, context.folder / FEATURES, config)
    check = EnvironmentCheck(panel, config)
    with closing(executor.run(work, due, progress, show_start)) as answers:
        for number, answer in answers:
            fold = due[number]
            use_own_vintage(answer.value, panel, fold, config)
            check.check(answer, fold, progress)
            save = partial(save_fold, answer=answer, key=context.key, horizons=panel.horizons)
            write_folder(folders[fold.number], save)
            del answer, save  # the next fold of a large panel needs the memory
            release_memory()
    return {str(environment): found for environment, found in check.largest.items()}


def evaluate(context: StageContext) -> dict[str, Any]:
    """Score the forecasts; write forecasts.parquet, scores.csv, steps.csv and risk.csv.

    One horizon is held at a time.
    """
    from volcast.pipeline.backtest.forecast_file import write_parts
    from volcast.pipeline.backtest.score_run import Evaluation
    from volcast.pipeline.panel.panel_table import read_panel
    from volcast.reports.scoring.baseline_verdict import baselines_sentence
    from volcast.reports.scoring.gain_attribution import steps_sentence
    from volcast.reports.scoring.har_verdict import verdict_sentence

    folders = sorted((context.folder / MODEL).glob("fold-*"))
    evaluation = Evaluation(folders, read_panel(context.folder / FEATURES), context.config)
    parts = context.progress.track(
        evaluation.iterate_parts(),
        evaluation.count_parts(),
        lambda part: f"intervals of {', '.join(part['model'].unique())}",
    )
    rows = write_parts(context.folder / FORECASTS, parts)
    scores, steps = evaluation.score(context.folder / FORECASTS, context.progress)
    for name, result in ((SCORES, scores), (STEPS, steps), (RISK, evaluation.risk)):
        write_frame(context.folder / name, result)
    verdict = f"{verdict_sentence(scores)} {baselines_sentence(scores)}".rstrip()
    context.progress.note(verdict)
    if steps_sentence(steps):
        context.progress.note(steps_sentence(steps))
    return {"forecasts": rows, "verdict": verdict}


def diagnose(context: StageContext) -> dict[str, Any]:
    """Measure the training diagnostics of [diagnose]; write diagnosis/."""
    parts = context.config.diagnose.parts

    def measure(folder: Path) -> None:
        from volcast.pipeline.backtest.development_split import build_development_problem
        from volcast.pipeline.backtest.trial_work import build_compute
        from volcast.pipeline.diagnostics.tables import measure_diagnostic, write_tables
        from volcast.pipeline.panel.panel_table import read_panel

        file, config, progress = context.folder / FEATURES, context.config, context.progress
        problem = build_development_problem(read_panel(file), config)
        compute = build_compute(context.executor, problem, file, config, progress)
        for name in parts:
            write_tables(folder, name, measure_diagnostic(name, problem, progress, compute))

    write_folder(context.folder / DIAGNOSIS, measure if parts else lambda _: None)
    return {"parts": list(parts)}


def report(context: StageContext) -> dict[str, Any]:
    """Render the results; write report.html and report.md."""
    from volcast.pipeline.backtest.report_inputs import build_report_inputs
    from volcast.reports.run.page import build_page
    from volcast.reports.templating import render_html, render_markdown

    inputs = build_report_inputs(context.folder, context.config, context.manifest)
    page = build_page(inputs)
    write_text(context.folder / REPORT_MD, render_markdown(page))
    write_text(context.folder / REPORT_HTML, render_html(page))
    context.progress.note(str(context.folder / REPORT_HTML))
    return {}


def _report_failures(failures: Mapping[str, str], progress: Progress) -> None:
    for ticker, reason in failures.items():
        progress.note(f"{ticker} is left out: {reason}")
