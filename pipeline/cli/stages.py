"""The commands of a backtest: run its stages, print its forecasts, verify it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from volcast.pipeline.cli.clock import utc_now
from volcast.pipeline.cli.command import GivenSettings, command, setting_options
from volcast.pipeline.cli.options import Cluster, ConfigFile, Json, Quiet

if TYPE_CHECKING:
    from volcast.pipeline.config.settings import Config

RunDir = Annotated[Path, typer.Argument(metavar="RUN_DIR", help="Run folder.")]

group = typer.Typer()


@command(group)
@setting_options()
def run(
    settings: GivenSettings,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Run folder to write.")] = Path(
        "volcast-run"
    ),
    cluster: Cluster = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Run all stages: download, features, train, evaluate, diagnose, report.

    With --source files, tables of prices are read as people have them:

    \b
    - of yfinance, one ticker or many:
      volcast run --source files --data prices.csv
    - of Investing.com or Excel, where day and month can be exchanged:
      volcast run --source files --data DAX.csv --dates day_first
    - a folder with a file for each ticker, of Stooq for example:
      volcast run --source files --data prices/ --ticker aapl.us --ticker vod.uk
    """  # noqa: D301
    manifest = _run(out, settings.load(), quiet=quiet or as_json, cluster=cluster)
    if as_json:
        from volcast.pipeline.cli.printing import print_json
        from volcast.pipeline.cli.run_output import run_summary

        print_json(run_summary(out, manifest))


@command(group)
def download(run_dir: RunDir, config: ConfigFile = None, quiet: Quiet = False) -> None:
    """Run one stage: load the bars and apply the quality rules."""
    from volcast.pipeline.backtest.run_folder import CONFIG, read_config
    from volcast.pipeline.config.load import load_config

    stored = config is None and (run_dir / CONFIG).exists()
    settings = read_config(run_dir) if stored else load_config(config)
    _run(run_dir, settings, only="download", quiet=quiet)


@command(group)
def features(run_dir: RunDir, quiet: Quiet = False) -> None:
    """Run one stage: compute features and targets."""
    run_stage(run_dir, "features", quiet)


@command(group)
def train(run_dir: RunDir, cluster: Cluster = None, quiet: Quiet = False) -> None:
    """Run one stage: fit every model fold by fold and record the training curves."""
    run_stage(run_dir, "train", quiet, cluster)


@command(group)
def evaluate(run_dir: RunDir, quiet: Quiet = False) -> None:
    """Run one stage: score the forecasts."""
    run_stage(run_dir, "evaluate", quiet)


@command(group)
def report(run_dir: RunDir, quiet: Quiet = False) -> None:
    """Run one stage: write report.html and report.md."""
    run_stage(run_dir, "report", quiet)


@command(group)
@setting_options(
    *("--source", "--data", "--ticker", "--events", "--exogenous", "--start", "--data-dir"),
    "--horizon",
)
def forecast(
    settings: GivenSettings,
    run_dir: Annotated[Path | None, typer.Argument(metavar="[RUN_DIR]", help="Run folder.")] = None,
    pretrained_only: Annotated[
        bool, typer.Option("--pretrained-only", help="Train nothing: no run folder is needed.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Print the newest forecasts of a run as annualised volatility in percent.

    Without a run: volcast forecast --pretrained-only --source yahoo --ticker AAPL prints those of a
    pretrained network.
    """
    from volcast.pipeline.cli.printing import print_json, print_table
    from volcast.pipeline.cli.run_output import (
        describe_combination,
        forecast_table,
        load_newest_forecasts,
    )

    if pretrained_only:
        rows, note = _forecast_without_run(run_dir, settings, quiet=as_json)
    else:
        folder = _require_run_alone(run_dir, settings)
        rows, note = load_newest_forecasts(folder), describe_combination(folder)
    if as_json:
        print_json(rows)
        return
    print_table(forecast_table(rows))
    if note:
        typer.echo(note)


@command(group)
def config() -> None:
    """Print the default settings as TOML, with a comment on every key."""
    from volcast.pipeline.config.settings import Config
    from volcast.pipeline.config.toml import to_toml

    typer.echo(to_toml(Config()), nl=False)


@command(group)
def verify(
    run_dir: RunDir,
    probes: Annotated[
        int, typer.Option(min=1, help="Random origins in each fold; models are refitted for each.")
    ] = 1,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Seed of the origins and of the corruption.")
    ] = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Test on a run's own data that nothing in it looks ahead."""
    from volcast.pipeline.backtest.look_ahead.probe import SEED
    from volcast.pipeline.backtest.look_ahead.verify import verify_no_look_ahead
    from volcast.pipeline.cli.printing import print_json, stderr_progress

    progress = stderr_progress(quiet or as_json)
    chosen = SEED if seed is None else seed
    with progress.running():
        results = verify_no_look_ahead(run_dir, progress, probes=probes, seed=chosen)
    if as_json:
        print_json([asdict(result) for result in results])


def _forecast_without_run(
    run_dir: Path | None, settings: GivenSettings, *, quiet: bool
) -> tuple[list[dict[str, Any]], str]:
    """Return the forecasts of a pretrained network alone, and a line about it."""
    from volcast.pipeline.cli.printing import stderr_progress
    from volcast.pipeline.cli.run_output import list_pretrained_forecasts
    from volcast.pipeline.config.load import resolve_settings
    from volcast.pipeline.errors import ConfigError

    if run_dir is not None:
        raise ConfigError(
            f"--pretrained-only forecasts without a run; leave out {run_dir}, or the option"
        )
    progress = stderr_progress(quiet)
    with progress.running():
        config = resolve_settings(settings.load())
        rows, name = list_pretrained_forecasts(config, utc_now(), progress)
    return rows, f"By the pretrained network {name} alone: nothing was trained or judged."


def _require_run_alone(run_dir: Path | None, settings: GivenSettings) -> Path:
    """Return the run folder; ``ConfigError`` unless one is named, without settings."""
    from volcast.pipeline.errors import ConfigError

    if run_dir is None:
        raise ConfigError(
            "name the folder of a run, or forecast without one: volcast forecast --pretrained-only "
            "--source yahoo --ticker AAPL"
        )
    if settings.values or settings.file:
        given = ", ".join([*settings.values, *(["--config"] if settings.file else [])])
        raise ConfigError(
            f"{given} cannot change a finished run; leave it out, or add --pretrained-only and "
            "leave out the folder"
        )
    return run_dir


def run_stage(run_dir: Path, stage: str, quiet: bool, cluster: str | None = None) -> None:
    """Run one stage of a run folder with the settings stored in it."""
    from volcast.pipeline.backtest.run_folder import read_config

    _run(run_dir, read_config(run_dir), only=stage, quiet=quiet, cluster=cluster)


def _run(
    folder: Path,
    config: Config,
    *,
    only: str | None = None,
    quiet: bool,
    cluster: str | None = None,
) -> dict[str, Any]:
    from volcast.pipeline.backtest.run import run as run_stages
    from volcast.pipeline.cli.printing import stderr_progress
    from volcast.pipeline.cluster.open_executor import open_executor

    progress = stderr_progress(quiet)
    with open_executor(cluster) as executor:
        return run_stages(
            folder, config, now=utc_now(), progress=progress, only=only, executor=executor
        )
