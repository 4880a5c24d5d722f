"""The one place where the stages are chained: what is due, skipped and recorded."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline import artifacts, stages
from pipeline.config import Config, load
from pipeline.config_text import to_toml
from pipeline.data.sources import STORED_NAMES, stored_source
from pipeline.errors import ConfigError, RunFolderError
from pipeline.panels import feature_names
from pipeline.progress import Progress
from pipeline.version import __version__

TIMELESS = ("sample",)  # sources that have nothing new on another day


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
    Stage("download", stages.download, (), (artifacts.BARS, artifacts.QUALITY), ("data",)),
    Stage(
        "features",
        stages.features,
        (artifacts.BARS,),
        (artifacts.FEATURES,),
        ("data", "target", "features"),
    ),
    Stage(
        "train",
        stages.train,
        (artifacts.FEATURES,),
        (artifacts.MODEL, artifacts.HISTORY),
        ("data", "split", "model", "baselines"),
    ),
    Stage(
        "evaluate",
        stages.evaluate,
        (artifacts.MODEL, artifacts.FEATURES),
        (artifacts.FORECASTS, artifacts.SCORES, artifacts.STEPS, artifacts.RISK),
        ("data", "report"),
    ),
    Stage(
        "diagnose",
        stages.diagnose,
        (artifacts.FEATURES,),
        (artifacts.DIAGNOSIS,),
        ("data", "split", "model", "diagnose"),
        command="diagnose all",
    ),
    Stage(
        "report",
        stages.report,
        (
            artifacts.FORECASTS,
            artifacts.DIAGNOSIS,
            artifacts.SCORES,
            artifacts.STEPS,
            artifacts.RISK,
            artifacts.HISTORY,
            artifacts.QUALITY,
            artifacts.FEATURES,
        ),
        (artifacts.REPORT_HTML, artifacts.REPORT_MD),
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
    config = _with_absolute_paths(config)
    feature_names(config)  # before anything is written
    _own_code(config)  # a class that cannot be had is told before an hour of downloading
    with artifacts.locked(folder), progress.running():
        manifest = artifacts.read_manifest(folder)
        manifest["volcast"] = __version__
        if only is not None:
            _check_before(BY_NAME[only], folder, config, manifest)
        chain = STAGES[: STAGES.index(BY_NAME[until]) + 1]
        for stage in chain if only is None else (BY_NAME[only],):
            _run_stage(stage, folder, config, manifest, now, progress)
            # Not earlier: a failed download leaves the run that was there as it is.
            artifacts.write_text(folder / artifacts.CONFIG, to_toml(config))
        return manifest


def _with_absolute_paths(config: Config) -> Config:
    """Return `config` with the data's paths made absolute: a run is repeated from any folder."""
    given = {key: getattr(config.data, key) for key in ("path", "intraday", "dir")}
    absolute = {key: str(Path(path).expanduser().absolute()) for key, path in given.items() if path}
    return config.model_copy(update={"data": config.data.model_copy(update=absolute)})


def stored_config(folder: Path) -> Config:
    """Return the configuration of a run folder.

    Raises
    ------
    RunFolderError
        The folder holds none.
    """
    path = folder / artifacts.CONFIG
    if not path.exists():
        raise RunFolderError(
            f"{folder} is no run folder: it has no {artifacts.CONFIG}; `volcast run`"
        )
    return load(path)


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
    source = _source_state(config, now) if stage.name == "download" else None
    key = _key(stage, config, inputs, source)
    before = manifest["stages"].get(stage.name, {})
    unchanged = before.get("key") == key and before.get("outputs") == _outputs(stage, folder)
    if unchanged and not _is_due(source):
        progress.stage(f"{stage.name}: unchanged, skipped")
        return
    progress.stage(stage.name)
    started = time.perf_counter()
    work = stages.Work(folder, config, progress, now, key, manifest)
    summary = stage.work(work)
    if source is not None and stage.name == "download":
        # What a stored source held before has grown meanwhile: what was read is in the summary.
        source = _source_after(config, now, source, summary)
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
    artifacts.write_manifest(folder, manifest)


def _inputs(stage: Stage, folder: Path) -> dict[str, str | None]:
    return {name: artifacts.digest(folder / name) for name in stage.reads}


def _outputs(stage: Stage, folder: Path) -> dict[str, str | None]:
    return {name: artifacts.digest(folder / name) for name in stage.writes}


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
    return artifacts.digest_of(depends)


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
    from models.catalogue import baseline, source_of

    files = {}
    for name in own:
        try:
            baseline(name)
        except ValueError as error:
            raise ConfigError(f"baselines.models: {error}") from error
        file = source_of(name)
        files[name] = artifacts.digest(file) if file else None
    return files


def _source_state(config: Config, now: dt.datetime) -> Any:
    """Return what the bars depend on beside the configuration: the files, the store, the day."""
    data = config.data
    files = [_digests(data.path, data.source == "files"), _digests(data.intraday, True)]
    if data.source in TIMELESS:
        return files
    if data.source in STORED_NAMES:
        return {"files": files, **_store_state(config, now)}
    from pipeline.data.calendars import last_settled_session
    from pipeline.panels import calendars_of

    # A source may have tickers that only it knows: the default exchange then tells the day.
    names = sorted(set(calendars_of(data.tickers or ("",), config).values()))
    return [*files, *(str(last_settled_session(name, now).date()) for name in names)]


def _store_state(config: Config, now: dt.datetime) -> dict[str, Any]:
    """Return what the store has of the tickers asked for, and whether more is due."""
    if not config.data.tickers:
        return {"due": True}
    from pipeline.data.source import Request
    from pipeline.data.stored import store_options

    data = config.data
    source = stored_source(data.source, store_options(config, Progress()))
    return source.state(Request(data.tickers, data.start, data.end, now))


def _is_due(source: Any) -> bool:
    """Whether a source that is asked over a network may have newer bars than it had last time."""
    return isinstance(source, dict) and bool(source["due"])


def _source_after(config: Config, now: dt.datetime, before: Any, summary: dict[str, Any]) -> Any:
    """Return the state of the source that the download has left: with the content it has read."""
    if config.data.source not in STORED_NAMES:
        return before
    return {**_source_state(config, now), "content": summary["content"]}


def _digests(path: str, holds_tables: bool) -> Any:
    """Return the hash of what lies at a path; of a folder of tables, the hash of each of these."""
    if not path or not holds_tables:
        return artifacts.digest(Path(path)) if path else None
    from pipeline.data.files import files_of

    return {file.name: artifacts.digest(file) for file in files_of(Path(path))}
