"""Running the stages in order: which are due, which are skipped, and what is recorded.

Examples
--------
>>> import datetime as dt
>>> from pathlib import Path
>>> from volcast import Config
>>> import tempfile
>>> settings = {
...     "data": {"tickers": ("^GSPC",), "start": "2003-01-01", "end": "2008-03-31"},
...     "features": {"select": ("har_1", "har_5", "har_22")},
...     "model": {"members": 1, "epochs": 2},
...     "baselines": {"models": ("har",)},
... }
>>> now = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
>>> with tempfile.TemporaryDirectory() as folder:
...     manifest = run(Path(folder), Config.model_validate(settings), now=now)
>>> list(manifest["stages"])
['download', 'features', 'train', 'evaluate', 'diagnose', 'report']
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from volcast.pipeline.backtest import stages
from volcast.pipeline.backtest.run_folder import (
    BARS,
    CONFIG,
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
    read_manifest,
    write_manifest,
)
from volcast.pipeline.backtest.stage_key import (
    compute_stage_key,
    hash_custom_baselines,
    hash_files,
)
from volcast.pipeline.cluster.work import Executor
from volcast.pipeline.config.load import resolve_settings
from volcast.pipeline.config.settings import Config
from volcast.pipeline.config.toml import to_toml
from volcast.pipeline.errors import RunFolderError
from volcast.pipeline.files import lock_folder, write_text
from volcast.pipeline.memory import limit_arenas, release_memory
from volcast.pipeline.panel.build import feature_names
from volcast.pipeline.panel.source_state import compute_source_state, is_due, update_source_state
from volcast.pipeline.progress import Progress
from volcast.pipeline.version import __version__


@dataclass(frozen=True)
class Stage:
    """A stage of a run.

    Parameters
    ----------
    name
        Unique; also the command that runs it alone, unless `command` is given.
    function
        Does the work and returns a summary for the manifest.
    reads, writes
        Files of the run folder.
    sections
        Sections of the settings that change its result.
    command
        The command that runs it alone.
    """

    name: str
    function: Callable[[stages.StageContext], dict[str, Any]]
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    sections: tuple[str, ...]
    command: str = ""


STAGES = (
    Stage("download", stages.download, (), (BARS, QUALITY, EVENTS, SERIES), ("data",)),
    Stage(
        "features",
        stages.features,
        (BARS, EVENTS, SERIES),
        (FEATURES,),
        ("data", "target", "features"),
    ),
    Stage(
        "train",
        stages.train,
        (FEATURES,),
        (MODEL, HISTORY),
        ("data", "split", "model", "baselines"),
    ),
    Stage(
        "evaluate",
        stages.evaluate,
        (MODEL, FEATURES),
        (FORECASTS, SCORES, STEPS, RISK),
        ("data", "report"),
    ),
    Stage(
        "diagnose",
        stages.diagnose,
        (FEATURES,),
        (DIAGNOSIS,),
        ("data", "split", "model", "diagnose"),
        command="diagnose all",
    ),
    Stage(
        "report",
        stages.report,
        (
            BARS,
            FORECASTS,
            DIAGNOSIS,
            SCORES,
            STEPS,
            RISK,
            HISTORY,
            QUALITY,
            FEATURES,
            EVENTS,
            SERIES,
        ),
        (REPORT_HTML, REPORT_MD),
        ("data", "target", "features", "split", "model", "baselines", "diagnose", "report"),
    ),
)
BY_NAME = {stage.name: stage for stage in STAGES}


def run(
    folder: Path,
    config: Config,
    *,
    now: dt.datetime,
    progress: Progress | None = None,
    only: str | None = None,
    until: str = "report",
    executor: Executor | None = None,
) -> dict[str, Any]:
    """Run the stages of a backtest in a run folder, from the download to the report.

    A stage is skipped if its settings and inputs are unchanged since it last finished and its
    outputs are still what it wrote. The folder is locked during the run.

    Parameters
    ----------
    folder
        The run folder; created if missing. docs/tables.md describes its files.
    config
        The settings.
    now
        The clock, with a timezone: bars of sessions that are not final at this moment are not used.
    progress
        Receives the progress; None is silent.
    only
        Run this stage alone; those before it must have finished with the same settings.
    until
        The last stage to run.
    executor
        Computes the folds (`volcast.pipeline.cluster.work`); None: threads of this process. It does
        not change a result.

    Returns
    -------
    The manifest: for each stage its key, the hashes of its inputs and outputs, its duration and a
    summary.

    Raises
    ------
    VolcastError
        The run cannot continue; the folder then holds the results of the stages that finished.
    """
    config = resolve_settings(config)
    limit_arenas()
    # Checked before anything is downloaded or written.
    feature_names(config)
    hash_custom_baselines(config)
    progress = progress or Progress()
    with lock_folder(folder), progress.running():
        manifest = read_manifest(folder)
        manifest["volcast"] = __version__
        if only is not None:
            earlier = STAGES[: STAGES.index(BY_NAME[only])]
            check_finished(earlier, folder, config, manifest, needed_by=only)
        chain = STAGES[: STAGES.index(BY_NAME[until]) + 1]
        for stage in chain if only is None else (BY_NAME[only],):
            context = stages.StageContext(folder, config, progress, now, "", manifest, executor)
            _run_stage(stage, context)
            # Not earlier: a failed download leaves the settings of the previous run.
            write_text(folder / CONFIG, to_toml(config))
        return manifest


def check_finished(
    needed: Sequence[Stage],
    folder: Path,
    config: Config,
    manifest: dict[str, Any],
    *,
    needed_by: str,
) -> None:
    """Raise ``RunFolderError`` unless these stages finished with these settings.

    Whether the source has new bars is left to the download.
    """
    for stage in needed:
        record = manifest["stages"].get(stage.name, {})
        key = _compute_key(stage, config, hash_files(folder, stage.reads), record.get("source"))
        outputs = hash_files(folder, stage.writes)
        if (record.get("key"), record.get("outputs")) != (key, outputs):
            raise RunFolderError(
                f"{needed_by} needs the stage {stage.name}, which is not finished in {folder}; "
                f"run `volcast {stage.command or stage.name} {folder}` first"
            )


def _run_stage(stage: Stage, context: stages.StageContext) -> None:
    """Run a stage unless it is up to date, and record it in the manifest."""
    folder, config, now = context.folder, context.config, context.now
    inputs = hash_files(folder, stage.reads)
    source = compute_source_state(config, now) if stage.name == "download" else None
    key = _compute_key(stage, config, inputs, source)
    record = context.manifest["stages"].get(stage.name, {})
    unchanged = record.get("key") == key and record.get("outputs") == hash_files(
        folder, stage.writes
    )
    if unchanged and not is_due(source):
        context.progress.stage(f"{stage.name}: unchanged, skipped")
        return
    context.progress.stage(stage.name)
    started = time.perf_counter()
    summary = stage.function(replace(context, key=key))
    if source is not None and stage.name == "download":
        # A stored source has grown since its state was read: the summary says what was used.
        source = update_source_state(config, now, source, summary)
        key = _compute_key(stage, config, inputs, source)
    context.manifest["stages"][stage.name] = {
        "key": key,
        "inputs": inputs,
        "source": source,
        "outputs": hash_files(folder, stage.writes),
        "seconds": round(time.perf_counter() - started, 3),
        "run_at": now.isoformat(timespec="seconds"),
        "summary": summary,
    }
    write_manifest(folder, context.manifest)
    release_memory()


def _compute_key(stage: Stage, config: Config, inputs: dict[str, str | None], source: Any) -> str:
    return compute_stage_key(stage.name, config, stage.sections, inputs=inputs, source=source)
