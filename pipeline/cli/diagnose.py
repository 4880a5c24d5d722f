"""The commands that diagnose training: each measures one thing on a run's own data."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from volcast.pipeline.cli.options import ConfigFile, Debug, Json, Quiet, SourceOption, TickerOption

if TYPE_CHECKING:
    from volcast.reports.section import Section

RunDir = Annotated[
    Path,
    typer.Argument(metavar="[RUN_DIR]", help="A run folder; made where there is none yet."),
]
DEFAULT_RUN = Path("volcast-run")

compare = typer.Typer(no_args_is_help=True, help="Compare settings, each at its best.")
diagnose = typer.Typer(no_args_is_help=True, help="Say how training went, and what to change.")


def attach(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command("lr-find")(lr_find)
    measuring = (
        (app, "map", "map", "Map learning rate and batch size in the QLIKE of later rows."),
        (app, "check-gradients", "gradient-check", "Check gradients against numerical ones."),
        (compare, "optimizers", "optimizers", "Compare six optimizers, each at its best rate."),
        (compare, "batch-sizes", "batch-sizes", "Compare batches of a single row to all rows."),
        (compare, "learning-rates", "learning-rates", "Compare learning rates from 1e-5 to 1."),
        (diagnose, "gradients", "gradients", "Measure how gradients flow through the layers."),
    )
    for group, name, diagnostic, help_text in measuring:
        group.command(name, help=help_text)(_measuring(diagnostic))
    app.command("landscape")(landscape)
    app.add_typer(compare, name="compare")
    app.add_typer(diagnose, name="diagnose")


def _measuring(diagnostic: str) -> Callable[..., None]:
    """Return the command of a diagnostic without options of its own."""

    def command(
        run_dir: RunDir = DEFAULT_RUN,
        config: ConfigFile = None,
        source: SourceOption = None,
        ticker: TickerOption = None,
        quiet: Quiet = False,
        as_json: Json = False,
        debug: Debug = False,
    ) -> None:
        _Work(run_dir, config, source, ticker, quiet, as_json).measured(diagnostic)

    return command


def lr_find(
    run_dir: RunDir = DEFAULT_RUN,
    config: ConfigFile = None,
    source: SourceOption = None,
    ticker: TickerOption = None,
    apply: Annotated[bool, typer.Option("--apply", help="Run with the rate found.")] = False,
    quiet: Quiet = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Find the learning rate by a sweep from 1e-7 to 10."""
    work = _Work(run_dir, config, source, ticker, quiet, as_json)
    tables = work.measured("rates")
    if apply:
        from volcast.reports.diagnosis.rates import suggested_rate

        work.run_with({"learning_rate": suggested_rate(tables["members"])})


def landscape(
    run_dir: RunDir = DEFAULT_RUN,
    config: ConfigFile = None,
    source: SourceOption = None,
    ticker: TickerOption = None,
    interactive: Annotated[
        bool, typer.Option("--interactive", help="Also write a surface that can be turned.")
    ] = False,
    quiet: Quiet = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Draw the loss around the trained network, with the optimiser's path on it."""
    if interactive:
        _needs_plotly()
    work = _Work(run_dir, config, source, ticker, quiet, as_json)
    tables = work.measured("landscape")
    if interactive:
        work.write_page("landscape-interactive", tables)


def _needs_plotly() -> None:
    """Raise ``ConfigError`` without plotly, before anything is measured."""
    from importlib.util import find_spec

    from volcast.pipeline.errors import ConfigError

    if find_spec("plotly") is None:
        raise ConfigError('--interactive needs plotly: pip install "volcast[interactive]"')


@diagnose.command("curves")
def curves(run_dir: RunDir = DEFAULT_RUN, as_json: Json = False, debug: Debug = False) -> None:
    """Judge the training curves of a finished run."""
    from volcast.pipeline.backtest.run_folder import HISTORY, read_config, read_table
    from volcast.reports.diagnosis.curves import build_curves_section

    config = read_config(run_dir)
    history = read_table(run_dir / HISTORY)
    _tell(
        run_dir, build_curves_section(history, config.model.epochs), {"history": history}, as_json
    )


@diagnose.command("all")
def everything(run_dir: RunDir = DEFAULT_RUN, quiet: Quiet = False, debug: Debug = False) -> None:
    """Run one stage: measure what [diagnose] of a run's settings names."""
    from volcast.pipeline.cli.app import run_stored

    run_stored(run_dir, "diagnose", quiet)


class _Work:
    """One command's work: a run folder with its features, and the page to be written."""

    def __init__(
        self,
        run_dir: Path,
        config: Path | None,
        source: str | None,
        ticker: list[str] | None,
        quiet: bool,
        as_json: bool,
    ) -> None:
        from volcast.pipeline.backtest.run_folder import read_config
        from volcast.pipeline.cli.printing import console
        from volcast.pipeline.config.load import load_config
        from volcast.pipeline.progress import progress_for

        given = {"source": source, "tickers": ticker or None}
        overrides = {"data": {key: value for key, value in given.items() if value is not None}}
        fresh = config is not None or overrides["data"] or not (run_dir / "config.toml").exists()
        self.config = load_config(config, overrides) if fresh else read_config(run_dir)
        self.folder, self.as_json = run_dir, as_json
        self.progress = progress_for(console(), quiet or as_json)

    def measured(self, name: str) -> dict[str, Any]:
        """Measure a diagnostic, write its page and tables, say what it found; return the tables."""
        from volcast.pipeline.backtest.development_split import build_development_problem
        from volcast.pipeline.backtest.run_folder import FEATURES
        from volcast.pipeline.diagnostics.catalogue import DIAGNOSTICS
        from volcast.pipeline.diagnostics.tables import measure_diagnostic
        from volcast.pipeline.panel.build import read_panel

        self._run(self.config, until="features")
        problem = build_development_problem(read_panel(self.folder / FEATURES), self.config)
        tables = measure_diagnostic(name, problem, self.progress)
        section = DIAGNOSTICS[name].build_section(tables, problem)
        _tell(self.folder, section, tables, self.as_json)
        return tables

    def write_page(self, name: str, tables: dict[str, Any]) -> None:
        """Write the landscape as a surface that can be turned, and say where."""
        from volcast.pipeline.backtest.run_folder import PAGES
        from volcast.pipeline.files import write_text
        from volcast.reports.diagnosis.interactive import landscape_page

        path = self.folder / PAGES / f"{name}.html"
        title = f"The loss around the trained network of {self.folder.name}"
        write_text(path, landscape_page(tables, title=title))
        if not self.as_json:
            typer.echo(path)

    def run_with(self, model: dict[str, Any]) -> None:
        """Run all stages with some settings of the model changed."""
        from volcast.pipeline.config.settings import Config

        values = self.config.model_dump()
        values["model"] |= model
        self._run(Config.model_validate(values), until="report")

    def _run(self, config: Any, *, until: str) -> None:
        from volcast.pipeline.backtest.run import run

        now = dt.datetime.now(dt.UTC)
        run(self.folder, config, now=now, progress=self.progress, until=until)


def _tell(folder: Path, section: Section, tables: dict[str, Any], as_json: bool) -> None:
    """Write a finding's page and tables into the run folder, and print what it says."""
    from volcast.pipeline.backtest.run_folder import PAGES
    from volcast.pipeline.files import lock_folder, write_frame, write_text
    from volcast.reports.templating import render_sections

    pages = folder / PAGES
    with lock_folder(folder):
        pages.mkdir(exist_ok=True)
        for name, table in tables.items():
            write_frame(pages / f"{section.name}.{name}.csv", table)
        page = render_sections(section.title, f"Measured on {folder.name}.", [section])
        write_text(pages / f"{section.name}.html", page)
    where = str(pages / f"{section.name}.html")
    if as_json:
        said = {name: getattr(section, name) for name in ("name", "sentence", "advice")}
        typer.echo(json.dumps({**said, "page": where}, indent=1))
    else:
        typer.echo(f"{section.sentence}\nNext: {section.advice}\n{where}")
