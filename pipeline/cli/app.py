"""The command line: options to settings, one call, and what is printed."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Annotated, Any

import typer

from volcast.pipeline.cli import data as data_commands
from volcast.pipeline.cli import diagnose as diagnosis_commands
from volcast.pipeline.cli import job as daily_commands
from volcast.pipeline.cli import ledger as ledger_commands
from volcast.pipeline.cli import models as models_commands
from volcast.pipeline.cli import schedule as schedule_commands
from volcast.pipeline.cli.options import ConfigFile, DataOption, Debug, Json, Quiet
from volcast.pipeline.version import __version__

app = typer.Typer(
    help="Forecast volatility from market data, and prove how good the forecast has been.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


app.add_typer(data_commands.app, name="data")

RunDir = Annotated[Path, typer.Argument(metavar="RUN_DIR", help="A run folder.")]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"volcast {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


@app.command()
def run(
    config: ConfigFile = None,
    source: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="sample, yahoo, tiingo, files, or a package's own."),
    ] = None,
    data: DataOption = None,
    ticker: Annotated[list[str] | None, typer.Option(help="May be repeated.")] = None,
    start: Annotated[str | None, typer.Option(metavar="DATE", help="First session.")] = None,
    end: Annotated[str | None, typer.Option(metavar="DATE", help="Last session.")] = None,
    data_dir: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of stored prices, for yahoo.")
    ] = None,
    as_of: Annotated[
        str | None, typer.Option(metavar="MOMENT", help="Only what was stored then, for yahoo.")
    ] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Of the optimizer.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Rows a step.")] = None,
    epochs: Annotated[int | None, typer.Option(help="At most so many.")] = None,
    horizon: Annotated[list[int] | None, typer.Option(help="Sessions; repeatable.")] = None,
    seed: Annotated[int | None, typer.Option(help="Of weights and shuffling.")] = None,
    diagnose: Annotated[
        bool, typer.Option("--diagnose", help="Also measure all diagnostics of the training.")
    ] = False,
    out: Annotated[Path, typer.Option(metavar="DIR", help="The run folder.")] = Path("volcast-run"),
    quiet: Quiet = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Run all stages: download, features, train, evaluate, report."""
    from volcast.pipeline.config.load import load_config
    from volcast.pipeline.diagnostics.catalogue import DIAGNOSTICS

    overrides: dict[str, dict[str, Any]] = {
        "data": {
            "source": source,
            "path": data,
            "tickers": ticker,
            "start": start,
            "end": end,
            "dir": data_dir,
            "as_of": as_of,
        },
        "target": {"horizons": horizon},
        "model": {
            "learning_rate": learning_rate,
            "batch_size": batch_size,
            "epochs": epochs,
            "seed": seed,
        },
        "diagnose": {"parts": tuple(DIAGNOSTICS) if diagnose else None},
    }
    chosen = load_config(config, _given(overrides))
    _run(out, chosen, quiet=quiet, as_json=as_json)


@app.command()
def download(
    run_dir: RunDir, config: ConfigFile = None, quiet: Quiet = False, debug: Debug = False
) -> None:
    """Run one stage: load the bars and apply the rules of quality."""
    from volcast.pipeline.backtest.run_folder import read_config
    from volcast.pipeline.config.load import load_config

    stored = run_dir / "config.toml"
    chosen = read_config(run_dir) if config is None and stored.exists() else load_config(config)
    _run(run_dir, chosen, only="download", quiet=quiet)


@app.command()
def features(run_dir: RunDir, quiet: Quiet = False, debug: Debug = False) -> None:
    """Run one stage: build features and targets."""
    run_stored(run_dir, "features", quiet)


@app.command()
def train(run_dir: RunDir, quiet: Quiet = False, debug: Debug = False) -> None:
    """Run one stage: fit every model fold by fold, and monitor the curves."""
    run_stored(run_dir, "train", quiet)


@app.command()
def evaluate(run_dir: RunDir, quiet: Quiet = False, debug: Debug = False) -> None:
    """Run one stage: judge the forecasts."""
    run_stored(run_dir, "evaluate", quiet)


@app.command()
def report(run_dir: RunDir, quiet: Quiet = False, debug: Debug = False) -> None:
    """Run one stage: render report.html and report.md."""
    run_stored(run_dir, "report", quiet)


@app.command()
def forecast(run_dir: RunDir, as_json: Json = False, debug: Debug = False) -> None:
    """Print the newest forecasts of a run, annualised volatility in percent."""
    from volcast.pipeline.cli.printing import forecast_rows, forecast_table, print_table

    rows = forecast_rows(run_dir)
    if as_json:
        typer.echo(json.dumps(rows, indent=1))
    else:
        print_table(forecast_table(rows))


@app.command("config")
def config_command() -> None:
    """Print the default settings as TOML, with a comment on every key."""
    from volcast.pipeline.config.settings import Config
    from volcast.pipeline.config.toml import to_toml

    typer.echo(to_toml(Config()), nl=False)


@app.command()
def verify(
    run_dir: RunDir, quiet: Quiet = False, as_json: Json = False, debug: Debug = False
) -> None:
    """Run the two look-ahead proofs on a run's own data, features and models."""
    from volcast.pipeline.backtest.look_ahead import verify_no_look_ahead
    from volcast.pipeline.cli.printing import console
    from volcast.pipeline.progress import progress_for

    progress = progress_for(console(), quiet or as_json)
    with progress.running():
        proofs = verify_no_look_ahead(run_dir, progress)
    if as_json:
        typer.echo(json.dumps(proofs, indent=1))


@app.command()
def lab(
    out: Annotated[Path, typer.Option(metavar="FILE", help="The page.")] = Path("lab.html"),
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Write a page on how gradient descent and backpropagation work, all computed here."""
    from volcast.pipeline.diagnostics.lab import write_lab

    sections = write_lab(out)
    if as_json:
        typer.echo(json.dumps({"page": str(out), "sections": sections}, indent=1))
    else:
        typer.echo(out)


def run_stored(run_dir: Path, stage: str, quiet: bool) -> None:
    """Run one stage of a run folder with its own settings."""
    from volcast.pipeline.backtest.run_folder import read_config

    _run(run_dir, read_config(run_dir), only=stage, quiet=quiet)


def _run(
    folder: Path, chosen: Any, *, only: str | None = None, quiet: bool, as_json: bool = False
) -> None:
    from volcast.pipeline.backtest.run import run as run_stages
    from volcast.pipeline.cli.printing import console, run_summary
    from volcast.pipeline.progress import progress_for

    progress = progress_for(console(), quiet or as_json)
    now = dt.datetime.now(dt.UTC)
    manifest = run_stages(folder, chosen, now=now, progress=progress, only=only)
    if as_json:
        typer.echo(json.dumps(run_summary(folder, manifest), indent=1))


def _given(overrides: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the options that were given."""
    return {
        section: {key: _plain(value) for key, value in keys.items() if value not in (None, [])}
        for section, keys in overrides.items()
    }


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Path) else value


def _rebuilder(home: Any) -> Any:
    from volcast.pipeline.job.rebuild import rebuilder

    return rebuilder(home)


diagnosis_commands.attach(app)
ledger_commands.attach(app, _rebuilder)
models_commands.attach(app)
schedule_commands.attach(app)
daily_commands.attach(app)
