"""The commands that diagnose training, and the page of the optimisation lab."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from volcast.pipeline.cli.clock import utc_now
from volcast.pipeline.cli.command import GivenSettings, command, setting_options
from volcast.pipeline.cli.options import Cluster, Json, Quiet
from volcast.pipeline.cli.stages import run_stage

if TYPE_CHECKING:
    from volcast.pipeline.config.settings import Config
    from volcast.reports.section import Section

RunDir = Annotated[
    Path, typer.Argument(metavar="[RUN_DIR]", help="Run folder; created if it does not exist.")
]
DEFAULT_RUN = Path("volcast-run")

group = typer.Typer()
compare = typer.Typer(no_args_is_help=True, help="Compare settings, each at its best.")
diagnose = typer.Typer(no_args_is_help=True, help="Diagnose the training of a run.")

measurement = setting_options("--source", "--ticker")


@command(group)
@measurement
def lr_find(
    settings: GivenSettings,
    run_dir: RunDir = DEFAULT_RUN,
    apply: Annotated[
        bool, typer.Option("--apply", help="Then run all stages with the suggested rate.")
    ] = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Find the learning rate with a range test from 1e-7 to 10."""
    config = _choose_config(run_dir, settings)
    tables = _measure("rates", run_dir, config, quiet, as_json)
    if apply:
        from volcast.reports.diagnosis.rates import suggested_rate

        _run_with(run_dir, config, suggested_rate(tables["members"]), quiet or as_json)


def _add_comparison(group: typer.Typer, name: str, diagnostic: str, text: str) -> None:
    """Add the command of a diagnostic that compares settings."""

    def measure(
        settings: GivenSettings,
        run_dir: RunDir = DEFAULT_RUN,
        cluster: Cluster = None,
        quiet: Quiet = False,
        as_json: Json = False,
    ) -> None:
        _measure(diagnostic, run_dir, _choose_config(run_dir, settings), quiet, as_json, cluster)

    measure.__doc__ = text
    command(group, name)(measurement(measure))


def _add_measurement(group: typer.Typer, name: str, diagnostic: str, text: str) -> None:
    """Add the command of a diagnostic that has no options of its own."""

    def measure(
        settings: GivenSettings,
        run_dir: RunDir = DEFAULT_RUN,
        quiet: Quiet = False,
        as_json: Json = False,
    ) -> None:
        _measure(diagnostic, run_dir, _choose_config(run_dir, settings), quiet, as_json)

    measure.__doc__ = text
    command(group, name)(measurement(measure))


_add_comparison(group, "map", "map", "Map learning rate and batch size by QLIKE on later sessions.")
_add_measurement(
    group, "check-gradients", "gradient-check", "Compare gradients with finite differences."
)
_add_comparison(
    compare, "optimizers", "optimizers", "Compare all optimizers, each at its best rate."
)
_add_comparison(
    compare, "batch-sizes", "batch-sizes", "Compare batch sizes from one row to all rows."
)
_add_comparison(
    compare, "learning-rates", "learning-rates", "Compare learning rates from 1e-5 to 1."
)
_add_measurement(
    diagnose, "gradients", "gradients", "Measure the gradient flow through the layers."
)


@command(group)
@measurement
def landscape(
    settings: GivenSettings,
    run_dir: RunDir = DEFAULT_RUN,
    interactive: Annotated[
        bool, typer.Option("--interactive", help="Also write an interactive surface.")
    ] = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Draw the loss around the trained network, with the path of the optimizer."""
    if interactive:
        _check_plotly()
    config = _choose_config(run_dir, settings)
    tables = _measure("landscape", run_dir, config, quiet, as_json)
    if interactive:
        from volcast.pipeline.backtest.diagnostic_page import write_interactive_landscape

        page = write_interactive_landscape(run_dir, tables)
        if not as_json:
            typer.echo(page)


@command(diagnose)
def curves(run_dir: RunDir = DEFAULT_RUN, as_json: Json = False) -> None:
    """Judge the training curves of a finished run."""
    from volcast.pipeline.backtest.diagnostic_page import judge_curves

    section, tables = judge_curves(run_dir)
    _show(run_dir, section, tables, as_json)


@command(diagnose, "all")
def all_(run_dir: RunDir = DEFAULT_RUN, quiet: Quiet = False) -> None:
    """Run one stage: measure the diagnostics that the settings of the run name."""
    run_stage(run_dir, "diagnose", quiet)


@command(group)
def lab(
    out: Annotated[Path, typer.Option(metavar="FILE", help="Page to write.")] = Path("lab.html"),
    as_json: Json = False,
) -> None:
    """Write a page that explains gradient descent and backpropagation by experiments."""
    from volcast.pipeline.cli.printing import print_json
    from volcast.pipeline.diagnostics.lab import write_lab

    sections = write_lab(out)
    if as_json:
        print_json({"page": str(out), "sections": sections})
    else:
        typer.echo(out)


def _choose_config(run_dir: Path, settings: GivenSettings) -> Config:
    """Return the settings of the run; those of the options for a new run or if any are given."""
    from volcast.pipeline.backtest.run_folder import CONFIG, read_config

    given = settings.file is not None or settings.values
    return settings.load() if given or not (run_dir / CONFIG).exists() else read_config(run_dir)


def _measure(
    name: str,
    run_dir: Path,
    config: Config,
    quiet: bool,
    as_json: bool,
    cluster: str | None = None,
) -> Mapping[str, Any]:
    """Measure a diagnostic, write its page, print what it found; return its tables."""
    from volcast.pipeline.backtest.diagnostic_page import measure_on_run
    from volcast.pipeline.cli.printing import stderr_progress
    from volcast.pipeline.cluster.open_executor import open_executor

    progress = stderr_progress(quiet or as_json)
    with open_executor(cluster) as executor:
        section, tables = measure_on_run(
            name, run_dir, config, now=utc_now(), progress=progress, executor=executor
        )
    _show(run_dir, section, tables, as_json)
    return tables


def _show(run_dir: Path, section: Section, tables: Mapping[str, Any], as_json: bool) -> None:
    """Write the page of a section, and print its conclusion and advice."""
    from volcast.pipeline.backtest.diagnostic_page import write_page
    from volcast.pipeline.cli.printing import print_json

    page = write_page(run_dir, section, tables)
    if as_json:
        texts = {name: getattr(section, name) for name in ("name", "sentence", "advice")}
        print_json({**texts, "page": str(page)})
    else:
        typer.echo(f"{section.sentence}\nNext: {section.advice}\n{page}")


def _run_with(run_dir: Path, config: Config, learning_rate: float, quiet: bool) -> None:
    """Run all stages with another learning rate."""
    from volcast.pipeline.backtest.run import run
    from volcast.pipeline.cli.printing import stderr_progress
    from volcast.pipeline.config.settings import Config

    values = config.model_dump()
    values["model"]["learning_rate"] = learning_rate
    progress = stderr_progress(quiet)
    run(run_dir, Config.model_validate(values), now=utc_now(), progress=progress)


def _check_plotly() -> None:
    """Raise ``ConfigError`` if plotly is missing, before anything is measured."""
    from importlib.util import find_spec

    from volcast.pipeline.errors import ConfigError

    if find_spec("plotly") is None:
        raise ConfigError('--interactive needs plotly: pip install "volcast[interactive]"')
