"""The files of the checkout, and copies of it to build from."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("features", "models", "pipeline", "reports")


def tracked_files() -> list[Path]:
    """Return the files that git tracks or would track; links are not among them."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    answer = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True)
    if answer.returncode != 0:
        pytest.skip("not a git checkout")
    paths = [ROOT / name for name in answer.stdout.split("\0") if name]
    return [path for path in paths if path.is_file() and not path.is_symlink()]


def copy_without_links(target: Path) -> Path:
    """Copy what a build needs; links become small text files, as git makes them on Windows."""
    for path in tracked_files():
        place = path.relative_to(ROOT)
        if len(place.parts) == 1 or place.parts[0] in ("volcast", *FOLDERS):
            (target / place).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target / place)
    for folder in FOLDERS:
        (target / "volcast" / folder).write_text(f"../{folder}")
    return target


def build_wheel(source: Path, folder: Path) -> Path:
    """Build a wheel of a source folder or sdist into `folder`, without a network."""
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--wheel-dir", str(folder), str(source)], check=True)
    (wheel,) = folder.glob("*.whl")
    return wheel
