"""One diagnostic measured on a run's own data, and its page in the run folder."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from volcast.pipeline.backtest.development_split import build_development_problem
from volcast.pipeline.backtest.run import run
from volcast.pipeline.backtest.run_folder import FEATURES, HISTORY, PAGES, read_config, read_table
from volcast.pipeline.backtest.trial_work import build_compute
from volcast.pipeline.cluster.work import Executor
from volcast.pipeline.config.settings import Config
from volcast.pipeline.diagnostics.catalogue import DIAGNOSTICS
from volcast.pipeline.diagnostics.tables import measure_diagnostic
from volcast.pipeline.files import lock_folder, write_frame, write_text
from volcast.pipeline.panel.panel_table import read_panel
from volcast.pipeline.progress import Progress
from volcast.reports.section import Page
from volcast.reports.templating import render_html

if TYPE_CHECKING:
    from volcast.reports.section import Section

Tables = Mapping[str, pd.DataFrame]


def measure_on_run(
    name: str,
    folder: Path,
    config: Config,
    *,
    now: dt.datetime,
    progress: Progress,
    executor: Executor | None = None,
) -> tuple[Section, Tables]:
    """Measure a diagnostic on the development rows of a run.

    Parameters
    ----------
    name
        A name in `DIAGNOSTICS`.
    folder
        The run folder; its stages up to the features are run if they are missing or outdated.
    config
        The settings of the run.
    now
        The time at which the bars are read.
    progress
        Shows the stages and what is measured.
    executor
        Trains the settings that a diagnostic compares; None: this process.

    Returns
    -------
    tuple of Section and mapping of str to DataFrame
        What was found, and the tables it was computed from.

    Raises
    ------
    VolcastError
        A stage fails, or the settings do not allow this diagnostic.
    """
    run(folder, config, now=now, progress=progress, until="features")
    file = folder / FEATURES
    problem = build_development_problem(read_panel(file), config)
    compute = build_compute(executor, problem, file, config, progress)
    tables = measure_diagnostic(name, problem, progress, compute)
    return DIAGNOSTICS[name].build_section(tables, problem), tables


def judge_curves(folder: Path) -> tuple[Section, Tables]:
    """Return the verdict on the training curves of a finished run, and the curves.

    Raises
    ------
    RunFolderError
        The folder is not a run folder, or was not trained yet.
    """
    from volcast.reports.diagnosis.curves import build_curves_section

    config = read_config(folder)
    history = read_table(folder / HISTORY)
    return build_curves_section(history, config.model.epochs), {"history": history}


def write_page(folder: Path, section: Section, tables: Tables) -> Path:
    """Write the page of a section and its tables as CSV into a run folder; return the page."""
    pages = folder / PAGES
    page = pages / f"{section.name}.html"
    with lock_folder(folder):
        pages.mkdir(exist_ok=True)
        for name, table in tables.items():
            write_frame(pages / f"{section.name}.{name}.csv", table)
        subtitle = f"Measured on {folder.name}."
        write_text(page, render_html(Page(section.title, subtitle, [section])))
    return page


def write_interactive_landscape(folder: Path, tables: Tables) -> Path:
    """Write the loss landscape as an interactive surface into a run folder; return the page."""
    from volcast.reports.diagnosis.interactive import landscape_page

    page = folder / PAGES / "landscape-interactive.html"
    title = f"The loss around the trained network of {folder.name}"
    write_text(page, landscape_page(dict(tables), title=title))
    return page
