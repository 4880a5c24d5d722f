"""One finished run that all tests share, and copies of it to damage."""

import datetime as dt
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TextIO

import pytest
from filelock import FileLock
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from tests.pipeline.job.samples import EVERY, SHADOW
from tests.pipeline.pretraining.samples import pretrain_samples
from tests.pipeline.samples import two_tickers, volcast, write_config, write_csv
from volcast.pipeline.config.load import load_config
from volcast.pipeline.config.settings import Config
from volcast.pipeline.job.market import Market, load_market
from volcast.pipeline.registry import mlflow_store
from volcast.reports.figures import render


@pytest.fixture(scope="session")
def shared(tmp_path_factory) -> Path:
    """A folder that all workers of the session share."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "shared"
    folder.mkdir(exist_ok=True)
    return folder


def make_once(done: Path, make: Callable[[], object]) -> None:
    """Make something unless a worker has done so, which `done` shows; the others wait."""
    with FileLock(f"{done}.lock"):
        if not done.exists():
            make()
            done.touch()


@pytest.fixture(scope="session", autouse=True)
def _registry_tables(shared) -> Iterator[None]:
    """Let a new registry begin with tables that were made once: MLflow needs seconds for them."""
    template, make_client = shared / "registry.db", mlflow_store.make_client

    def make_client_from_template(uri: str) -> Any:
        file = Path(uri.removeprefix("sqlite:///"))
        if uri.startswith("sqlite:///") and file.parent.is_dir() and not file.exists():
            make_once(shared / "registry.done", lambda: make_client(f"sqlite:///{template}"))
            shutil.copy(template, file)
        return make_client(uri)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mlflow_store, "make_client", make_client_from_template)
        yield


class EmptyCanvas:
    """Takes the place of the canvas that renders a figure, and renders nothing."""

    def __init__(self, figure: Figure) -> None: ...

    def print_svg(self, target: TextIO, **_: Any) -> None:
        target.write('<svg viewBox="0 0 420 260"><defs></defs></svg>')


@pytest.fixture(scope="module", autouse=True)
def _empty_figures() -> Iterator[None]:
    """Draw figures without rendering them, which takes a third of the time of a small run.

    Those of `finished` are rendered, as are all figures in the tests of the reports.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(render, "FigureCanvasSVG", EmptyCanvas)
        yield


@pytest.fixture
def rendered_figures(monkeypatch) -> None:
    """Let a test have its figures."""
    monkeypatch.setattr(render, "FigureCanvasSVG", FigureCanvasSVG)


@pytest.fixture(scope="session")
def prices(shared) -> Path:
    path = shared / "prices.csv"
    make_once(shared / "prices.done", lambda: write_csv(path, two_tickers()))
    return path


@pytest.fixture(scope="session")
def small(shared, prices) -> Path:
    """A configuration file: the small settings on the made-up prices."""
    path, data = shared / "small.toml", f'[data]\nsource = "files"\npath = "{prices}"\n'
    make_once(shared / "small.done", lambda: write_config(path, data))
    return path


@pytest.fixture(scope="session")
def finished(shared, small) -> Path:
    """A finished run; not to be changed."""
    folder = shared / "finished"

    def run() -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(render, "FigureCanvasSVG", FigureCanvasSVG)
            answer = volcast("run", "--config", small, "--out", folder)
        assert answer.code == 0, answer.err
        assert "<path" in (folder / "report.html").read_text(encoding="utf-8")

    make_once(shared / "finished.done", run)
    return folder


@pytest.fixture(scope="session")
def vintages(shared) -> Path:
    """The folder of two small vintages; not to be changed."""
    folder = shared / "pretraining"
    folder.mkdir(exist_ok=True)
    make_once(shared / "pretraining.done", lambda: pretrain_samples(folder))
    return folder / "vintages"


@pytest.fixture
def run_dir(finished, tmp_path) -> Path:
    """A copy of the finished run, to work on."""
    return Path(shutil.copytree(finished, tmp_path / "run"))


@pytest.fixture(scope="session")
def config(small) -> Config:
    """The small settings for the daily job."""
    job = {"retrain_every": EVERY, "minimum_effect": 0.0, "shadow_sessions": SHADOW}
    select = ["har_1", "har_5", "har_22", "z"]
    split = {"refit_every": EVERY}
    return load_config(small, {"job": job, "features": {"select": select}, "split": split})


@pytest.fixture(scope="session")
def market(config) -> Market:
    """All bars and their panel; not to be changed."""
    return load_market(config, dt.datetime(2024, 6, 3, 12, tzinfo=dt.UTC))
