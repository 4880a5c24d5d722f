"""champion.json: which version is champion, so that forecasts do not need MLflow."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from volcast.pipeline.errors import RegistryError, StorageError
from volcast.pipeline.files import hash_path, write_text
from volcast.pipeline.home import Home
from volcast.pipeline.registry.versions import HAR


@dataclass(frozen=True)
class Champion:
    """The champion: its version and model, its folder below the home, and that folder's hash."""

    version: int
    model: str
    folder: str
    digest: str


def write_champion(home: Home, champion: Champion) -> None:
    """Write champion.json, unless it names this champion already.

    Raises
    ------
    StorageError
        The file cannot be written.
    """
    text = json.dumps(asdict(champion), indent=1) + "\n"
    path = home.champion
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        try:
            write_text(path, text)
        except StorageError as error:
            raise StorageError(f"the name of the champion was not stored: {error}") from error


def read_champion(home: Home) -> tuple[Champion, Path] | None:
    """Return the champion of champion.json and its folder; None without the file.

    Forecasts need it if the registry is damaged or MLflow is not installed.

    Raises
    ------
    RegistryError
        The file is damaged, or the folder differs from what was registered; HAR forecasts then.
    """
    if not home.champion.exists():
        return None
    try:
        champion = Champion(**json.loads(home.champion.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise RegistryError(
            f"{home.champion} is damaged ({error}); delete it, and `volcast models list` writes it "
            "again"
        ) from error
    folder = home.folder / champion.folder
    if champion.model != HAR:
        check_model_folder(folder, champion.digest)
    return champion, folder


def check_model_folder(folder: Path, digest: str) -> None:
    """Raise ``RegistryError`` unless a version's folder is as it was registered."""
    found = hash_path(folder)
    if found != digest:
        problem = "is missing" if found is None else "differs from what was registered"
        raise RegistryError(
            f"{folder} {problem}; restore your latest backup, or roll back with "
            "`volcast models rollback`"
        )
