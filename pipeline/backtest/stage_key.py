"""The key of a stage: a hash of everything that its result depends on."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from volcast.pipeline.config.settings import Config
from volcast.pipeline.errors import ConfigError
from volcast.pipeline.files import hash_path, hash_value
from volcast.pipeline.version import __version__
from volcast.pipeline.vintages.catalogue import hash_vintages

WITHOUT_EFFECT = ("dir", "rate")  # settings of [data] that do not change the result


def compute_stage_key(
    name: str,
    config: Config,
    sections: Iterable[str],
    *,
    inputs: dict[str, str | None],
    source: Any = None,
) -> str:
    """Return the hash of everything that the result of the stage `name` depends on.

    Parameters
    ----------
    name
        The stage.
    config, sections
        The settings, and the sections of them that the stage obeys.
    inputs
        The hash of each file that it reads.
    source
        The state of the data source, for the download.
    """
    sections = tuple(sections)
    depends = {
        "volcast": __version__,
        "stage": name,
        "config": {section: _relevant_settings(config, section) for section in sections},
        "inputs": inputs,
        "source": source,
    }
    if "baselines" in sections:
        depends["own_code"] = hash_custom_baselines(config)
    if "model" in sections:
        depends["pretrained"] = hash_vintages(config)
    return hash_value(depends)


def hash_files(folder: Path, names: Iterable[str]) -> dict[str, str | None]:
    """Return the hash of each file or folder in `folder`, by name; None for a missing one."""
    return {name: hash_path(folder / name) for name in names}


def hash_custom_baselines(config: Config) -> dict[str, str | None]:
    """Return the hash of the source file of every ``module:Class`` among the baselines.

    Raises
    ------
    ConfigError
        One cannot be imported.
    """
    custom = [name for name in config.baselines.models if ":" in name]
    if not custom:
        return {}
    from volcast.models.baselines.catalogue import find_source_file, make_baseline

    files = {}
    for name in custom:
        try:
            make_baseline(name)
        except ValueError as error:
            raise ConfigError(f"baselines.models: {error}") from error
        file = find_source_file(name)
        files[name] = hash_path(file) if file else None
    return files


def _relevant_settings(config: Config, section: str) -> dict[str, Any]:
    """Return the settings of a section that can change a result."""
    values: dict[str, Any] = getattr(config, section).model_dump(mode="json")
    ignored = WITHOUT_EFFECT if section == "data" else ()
    return {name: value for name, value in values.items() if name not in ignored}
