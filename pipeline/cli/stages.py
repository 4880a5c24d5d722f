"""The commands of a backtest: run its stages, print its forecasts, verify it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from volcast.pipeline.cli.clock import utc_now
from volcast.pipeline.cli.command import GivenSettings, command, setting_options
from volcast.pipeline.cli.options import ConfigFile, Json, Quiet

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
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    r"""Run all stages: download, features, train, evaluate, diagnose, report.

    With --source files, tables of prices are read as they are, and told what they were taken for:

    \b
    - of yfinance, one ticker or many:
      volcast run --source files --data prices.csv
    - of Investing.com or Excel, where day and month can be exchanged:
      volcast run --source files --data DAX.csv --dates day_first
    - a folder with a file for each ticker, of Stooq for example:
      volcast run --source files --data prices/ --ticker aapl.us --ticker vod.uk
    """
    manifest = _run(out, settings.load(), quiet=quiet or as_json)
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
def train(run_dir: RunDir, quiet: Quiet = False) -> None:
    """Run one stage: fit every model fold by fold and record the training curves."""
    run_stage(run_dir, "train", quiet)


@command(group)
def evaluate(run_dir: RunDir, quiet: Quiet = False) -> None:
    """Run one stage: score the forecasts."""
    run_stage(run_dir, "evaluate", quiet)


@command(group)
def report(run_dir: RunDir, quiet: Quiet = False) -> None:
    """Run one stage: write report.html and report.md."""
    run_stage(run_dir, "report", quiet)


@command(group)
def forecast(run_dir: RunDir, as_json: Json = False) -> None:
    """Print the newest forecasts of a run as annualised volatility in percent."""
    from volcast.pipeline.cli.printing import print_json, print_table
    from volcast.pipeline.cli.run_output import forecast_table, load_newest_forecasts

    rows = load_newest_forecasts(run_dir)
    if as_json:
        print_json(rows)
    else:
        print_table(forecast_table(rows))


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


def run_stage(run_dir: Path, stage: str, quiet: bool) -> None:
    """Run one stage of a run folder with the settings stored in it."""
    from volcast.pipeline.backtest.run_folder import read_config

    _run(run_dir, read_config(run_dir), only=stage, quiet=quiet)


def _run(folder: Path, config: Config, *, only: str | None = None, quiet: bool) -> dict[str, Any]:
    from volcast.pipeline.backtest.run import run as run_stages
    from volcast.pipeline.cli.printing import stderr_progress

    progress = stderr_progress(quiet)
    return run_stages(folder, config, now=utc_now(), progress=progress, only=only)
