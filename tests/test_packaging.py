"""The package as users install it: what is in it, how fast it is imported, next to whose files."""

import json
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

import volcast
from tests.checkout import FOLDERS, ROOT, build_wheel, copy_without_links
from tests.pipeline.samples import TINY

SETTINGS = TINY.replace('models = ["har"]', 'models = ["har", "mymean:Mine"]')
OWN_MODEL = """
from volcast.models.baselines.naive import MonthMean


class Mine(MonthMean):
    pass
"""
TYPED = """
from pathlib import Path
from typing import Self

import volcast
from volcast.models.forecaster import Float, Sample, Split


class Mine(volcast.Forecaster):
    def fit(self, sample: Sample, split: Split) -> Self:
        return self

    def forecast(self, sample: Sample, origins: slice) -> Float:
        return sample.target[origins]


model: volcast.KerasVolatilityRegressor = volcast.KerasVolatilityRegressor(learning_rate=0.01)
config: volcast.Config = volcast.Config()
version: str = volcast.__version__
volcast.run(Path("x"), 3.5, now=3)
"""


def shipped_files() -> set[str]:
    """Return the names in a wheel of every module, template and marker of the checkout."""
    wanted = {f"volcast/{path.name}" for path in (ROOT / "volcast").glob("*.py")}
    wanted.add("volcast/py.typed")
    for folder in FOLDERS:
        files = (path for path in (ROOT / folder).rglob("*") if path.is_file())
        wanted |= {
            f"volcast/{path.relative_to(ROOT).as_posix()}"
            for path in files
            if "__pycache__" not in path.parts
        }
    return wanted


def names_in(wheel: Path) -> set[str]:
    return {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """A wheel built from a checkout in which git made no links, as on Windows."""
    source = copy_without_links(tmp_path_factory.mktemp("source"))
    return build_wheel(source, tmp_path_factory.mktemp("wheel"))


def test_the_list_of_packages_is_that_of_the_folders():
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    found = {
        "volcast." + ".".join(path.parent.relative_to(ROOT).parts)
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("__init__.py")
    }
    assert set(listed) == {"volcast", *found}


def test_every_folder_with_modules_is_a_package():
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*.py"):
            assert (path.parent / "__init__.py").is_file(), path


def test_importing_volcast_loads_nothing_heavy():
    code = (
        "import sys, volcast\n"
        "assert 'run' in dir(volcast)\n"
        "heavy = {'numpy', 'pandas', 'tensorflow', 'keras', 'sklearn', 'pydantic', 'typer'}\n"
        "print(sorted(heavy & sys.modules.keys()))\n"
        "print(volcast.__version__, sorted(heavy & sys.modules.keys()))\n"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert answer.stdout == f"[]\n{volcast.__version__} []\n", answer.stderr


def test_every_public_name_is_there_and_no_other():
    for name in volcast.__all__:
        assert getattr(volcast, name) is not None
    with pytest.raises(AttributeError, match="module 'volcast' has no attribute 'nothing'"):
        _ = volcast.nothing


def test_a_wheel_built_without_links_has_every_file_under_volcast(wheel):
    assert names_in(wheel) == shipped_files()


@pytest.mark.slow
def test_a_source_distribution_builds_the_same_wheel(wheel, tmp_path):
    source = copy_without_links(tmp_path / "source")
    code = "from setuptools.build_meta import build_sdist; print(build_sdist('dist'))"
    subprocess.run([sys.executable, "-c", code], cwd=source, check=True, capture_output=True)
    (archive,) = (source / "dist").glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        opened.extractall(tmp_path / "unpacked", filter="data")
    (unpacked,) = (tmp_path / "unpacked").iterdir()
    assert names_in(build_wheel(unpacked, tmp_path / "wheel")) == names_in(wheel)


@pytest.fixture(scope="module")
def user(tmp_path_factory, wheel):
    """A fresh environment with the wheel, and a folder with files named like volcast's packages.

    The dependencies are those of this environment, by a path file; its editable volcast is not
    reached by one.
    """
    folder = tmp_path_factory.mktemp("user")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "env"], check=True)
    python = folder / "env" / "bin" / "python"
    purelib = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site = subprocess.run([python, "-c", purelib], capture_output=True, text=True, check=True)
    Path(site.stdout.strip(), "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps"]
    subprocess.run([*pip, "--no-index", "--force-reinstall", str(wheel)], check=True)
    work = folder / "work"
    for name in ("features", "reports"):
        (work / name).mkdir(parents=True)
        (work / name / "__init__.py").write_text("raise ImportError('a file of the user')")
    (work / "pipeline.py").write_text("raise ImportError('a file of the user')")
    (work / "models.py").write_text("OWNER = 'the user'")
    (work / "mymean.py").write_text(OWN_MODEL)
    (work / "settings.toml").write_text(SETTINGS)
    return python, work


def call(user, *words: str) -> subprocess.CompletedProcess[str]:
    python, work = user
    return subprocess.run([python, *words], cwd=work, capture_output=True, text=True)


@pytest.mark.slow
def test_an_installed_volcast_runs_beside_the_users_own_modules(user):
    place = call(user, "-c", "import volcast; print(volcast.__file__)").stdout
    assert str(user[0].parents[1]) in place, place
    answer = call(
        user, "-m", "volcast", "run", "--config", "settings.toml", "--out", "run", "--json"
    )
    assert answer.returncode == 0, answer.stderr
    assert json.loads(answer.stdout)["forecasts"]
    assert "mymean:Mine" in (user[1] / "run" / "scores.csv").read_text()
    units = call(user, "-m", "volcast", "schedule", "install", "--cron", "--home", "job")
    assert "-m volcast retrain --if-due" in units.stdout, units.stderr
    owner = call(user, "-c", "import volcast.models, models; print(models.OWNER)")
    assert owner.stdout == "the user\n", owner.stderr


@pytest.mark.slow
def test_an_installed_volcast_is_typed(user):
    (user[1] / "typed.py").write_text(TYPED)
    command = [sys.executable, "-m", "mypy", "--strict", "--python-executable", user[0], "typed.py"]
    answer = subprocess.run(command, cwd=user[1], capture_output=True, text=True)
    errors = [line for line in answer.stdout.splitlines() if ": error:" in line]
    assert len(errors) == 2, answer.stdout  # those of the last line
    last = f"typed.py:{len(TYPED.splitlines())}: "
    assert all(line.startswith(last) for line in errors), errors
