"""The note of who is champion: read without MLflow, so that a forecast never waits for it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from volcast.pipeline.errors import RegistryError
from volcast.pipeline.files import hash_path, write_text
from volcast.pipeline.home import Home
from volcast.pipeline.registry.versions import HAR


@dataclass(frozen=True)
class Champion:
    """The champion as noted: its version and model, its folder below the home, that one's hash."""

    version: int
    model: str
    folder: str
    digest: str


def write_champion(home: Home, champion: Champion) -> None:
    """Write champion.json, if it says something else now."""
    text = json.dumps(asdict(champion), indent=1) + "\n"
    path = home.champion
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        write_text(path, text)


def read_champion(home: Home) -> tuple[Champion, Path] | None:
    """Return the champion of champion.json, and its folder; None where none was noted.

    For forecasts, also when the registry is damaged or MLflow is not installed.

    Raises
    ------
    RegistryError
        The note is damaged, or the folder is not what was registered; then HAR can stand in.
    """
    if not home.champion.exists():
        return None
    try:
        champion = Champion(**json.loads(home.champion.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise RegistryError(
            f"{home.champion} is damaged ({error}); delete it, and `volcast models list` writes it"
        ) from error
    folder = home.folder / champion.folder
    if champion.model != HAR:
        check_folder(folder, champion.digest)
    return champion, folder


def check_folder(folder: Path, digest: str) -> None:
    """Raise ``RegistryError`` unless a version's folder is what was registered."""
    found = hash_path(folder)
    if found != digest:
        what = "is missing" if found is None else "is not what was registered"
        raise RegistryError(
            f"{folder} {what}; put back your last copy, or roll back with `volcast models rollback`"
        )
