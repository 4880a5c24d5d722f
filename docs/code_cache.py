"""The folder of executed pages, one for each state of the code: no page shows an older one."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

PARTS = ("volcast", "features", "models", "pipeline", "reports")
LOCK = "requirements.lock"  # the versions of what they import


def choose_cache(caches: Path, checkout: Path) -> Path:
    """Return the folder below `caches` for the code of a checkout; those of other code go.

    Pages are cached by their own content, which does not change with the code that they call.
    """
    digest = hashlib.sha256()
    digest.update((checkout / LOCK).read_bytes())
    for folder in PARTS:
        for path in sorted((checkout / folder).rglob("*.py")):
            digest.update(path.relative_to(checkout).as_posix().encode())
            digest.update(path.read_bytes())
    chosen = caches / digest.hexdigest()[:16]
    for other in caches.glob("*"):
        if other != chosen and other.is_dir():
            shutil.rmtree(other)
    return chosen
