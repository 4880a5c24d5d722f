"""The one place where the stages are chained: what is due, skipped and recorded."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from volcast.pipeline.backtest import stages
from volcast.pipeline.backtest.run_folder import (
    BARS,
    CONFIG,
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
    read_manifest,
    write_manifest,
)
from volcast.pipeline.config.load import with_absolute_paths
from volcast.pipeline.config.settings import Config
from volcast.pipeline.config.toml import to_toml
from volcast.pipeline.errors import ConfigError, RunFolderError
from volcast.pipeline.files import hash_path, hash_value, lock_folder, write_text
from volcast.pipeline.panel.build import feature_names
from volcast.pipeline.panel.source_state import is_due, source_after, source_state
from volcast.pipeline.progress import Progress
from volcast.pipeline.version import __version__


@dataclass(frozen=True)
class Stage:
    """A stage, the files it reads and writes, and the sections of the configuration it obeys.

    `command` runs it alone, where that is not its name.
    """

    name: str
    work: Callable[[stages.Work], dict[str, Any]]
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    sections: tuple[str, ...]
    command: str = ""


STAGES = (
    Stage("download", stages.download, (), (BARS, QUALITY), ("data",)),
    Stage(
        "features",
        stages.features,
        (BARS,),
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
            FORECASTS,
            DIAGNOSIS,
            SCORES,
            STEPS,
            RISK,
            HISTORY,
            QUALITY,
            FEATURES,
        ),
        (REPORT_HTML, REPORT_MD),
        ("data", "target", "features", "split", "model", "baselines", "diagnose", "report"),
    ),
)
WITHOUT_EFFECT = ("dir", "rate")  # of the section data
BY_NAME = {stage.name: stage for stage in STAGES}


def run(
    folder: Path,
    config: Config,
    *,
    now: dt.datetime,
    progress: Progress,
    only: str | None = None,
    until: str = "report",
) -> dict[str, Any]:
    """Run all stages `until` the named one, or `only` one, in a run folder; return its manifest.

    A stage whose configuration and inputs are unchanged since it last finished, and whose outputs
    are still what it wrote, is skipped; the named one needs those before it to be done. The folder
    is locked for the time of the run.

    Raises
    ------
    VolcastError
        Whatever the user can act on; the folder then holds what was finished before.
    """
    config = with_absolute_paths(config)
    feature_names(config)  # before anything is written
    _own_code(config)  # a class that cannot be had is told before an hour of downloading
    with lock_folder(folder), progress.running():
        manifest = read_manifest(folder)
        manifest["volcast"] = __version__
        if only is not None:
            _check_before(BY_NAME[only], folder, config, manifest)
        chain = STAGES[: STAGES.index(BY_NAME[until]) + 1]
        for stage in chain if only is None else (BY_NAME[only],):
            _run_stage(stage, folder, config, manifest, now, progress)
            # Not earlier: a failed download leaves the run that was there as it is.
            write_text(folder / CONFIG, to_toml(config))
        return manifest


def _check_before(stage: Stage, folder: Path, config: Config, manifest: dict[str, Any]) -> None:
    """Raise ``RunFolderError`` unless the stages before this one are done with these settings.

    Whether the source has new bars is not asked: that is for `download`.
    """
    for earlier in STAGES[: STAGES.index(stage)]:
        done = manifest["stages"].get(earlier.name, {})
        source = done.get("source")
        key = _key(earlier, config, _inputs(earlier, folder), source)
        if (done.get("key"), done.get("outputs")) != (key, _outputs(earlier, folder)):
            raise RunFolderError(
                f"{stage.name} needs the stage {earlier.name}, which is not finished in {folder}; "
                f"run `volcast {earlier.command or earlier.name} {folder}` first"
            )


def _run_stage(
    stage: Stage,
    folder: Path,
    config: Config,
    manifest: dict[str, Any],
    now: dt.datetime,
    progress: Progress,
) -> None:
    inputs = _inputs(stage, folder)
    source = source_state(config, now) if stage.name == "download" else None
    key = _key(stage, config, inputs, source)
    before = manifest["stages"].get(stage.name, {})
    unchanged = before.get("key") == key and before.get("outputs") == _outputs(stage, folder)
    if unchanged and not is_due(source):
        progress.stage(f"{stage.name}: unchanged, skipped")
        return
    progress.stage(stage.name)
    started = time.perf_counter()
    work = stages.Work(folder, config, progress, now, key, manifest)
    summary = stage.work(work)
    if source is not None and stage.name == "download":
        # What a stored source held before has grown meanwhile: what was read is in the summary.
        source = source_after(config, now, source, summary)
        key = _key(stage, config, inputs, source)
    manifest["stages"][stage.name] = {
        "key": key,
        "inputs": inputs,
        "source": source,
        "outputs": _outputs(stage, folder),
        "seconds": round(time.perf_counter() - started, 3),
        "run_at": now.isoformat(timespec="seconds"),
        "summary": summary,
    }
    write_manifest(folder, manifest)


def _inputs(stage: Stage, folder: Path) -> dict[str, str | None]:
    return {name: hash_path(folder / name) for name in stage.reads}


def _outputs(stage: Stage, folder: Path) -> dict[str, str | None]:
    return {name: hash_path(folder / name) for name in stage.writes}


def _key(stage: Stage, config: Config, inputs: dict[str, str | None], source: Any) -> str:
    """Return the hash of everything that the result of a stage depends on."""
    depends = {
        "volcast": __version__,
        "stage": stage.name,
        "config": {name: _settings(config, name) for name in stage.sections},
        "inputs": inputs,
        "source": source,
    }
    if "baselines" in stage.sections:
        depends["own_code"] = _own_code(config)
    return hash_value(depends)


def _settings(config: Config, section: str) -> dict[str, Any]:
    """Return the settings of a section on which a result depends: not where or how fast."""
    values: dict[str, Any] = getattr(config, section).model_dump(mode="json")
    without = WITHOUT_EFFECT if section == "data" else ()
    return {name: value for name, value in values.items() if name not in without}


def _own_code(config: Config) -> dict[str, str | None]:
    """Return the hash of the file of every baseline that is a class of the user's.

    Raises
    ------
    ConfigError
        One cannot be had.
    """
    own = [name for name in config.baselines.models if ":" in name]
    if not own:
        return {}
    from volcast.models.baselines.catalogue import find_source_file, make_baseline

    files = {}
    for name in own:
        try:
            make_baseline(name)
        except ValueError as error:
            raise ConfigError(f"baselines.models: {error}") from error
        file = find_source_file(name)
        files[name] = hash_path(file) if file else None
    return files
