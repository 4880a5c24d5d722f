"""The whole run from Python: the stages of a backtest, on prices or on settings."""

from __future__ import annotations

import datetime as dt
import shutil
import tempfile
import weakref
from pathlib import Path
from typing import Any

from volcast.pipeline.backtest.run import BY_NAME
from volcast.pipeline.backtest.run import run as run_stages
from volcast.pipeline.config.settings import Config
from volcast.pipeline.errors import ConfigError
from volcast.pipeline.library.prices import UNNAMED, Prices, load_prices
from volcast.pipeline.library.run_result import Run
from volcast.pipeline.library.settings import SECTION_OF, build_config, read_clock
from volcast.pipeline.progress import Progress, make_progress


def run(
    out: str | Path,
    config: Config | str | Path | None = None,
    *,
    now: dt.datetime | None = None,
    progress: Progress | bool = False,
    only: str | None = None,
    until: str = "report",
    **settings: Any,
) -> Run:
    """Run the stages of a backtest in a folder, as ``volcast run --out`` does.

    The results are those of the command with the same settings, byte for byte. A stage is skipped
    if its settings and inputs are unchanged since it last finished.

    Parameters
    ----------
    out
        The run folder; created if missing. docs/tables.md describes its files.
    config
        Settings or a settings file; None: the defaults.
    now
        The clock, with a timezone: bars of sessions that are not final then are not used. None:
        that of this machine.
    progress
        True shows the progress on standard error.
    only
        Run this stage alone; those before it must have finished with the same settings.
    until
        The last stage to run.
    **settings
        Settings on top of `config`, each under its name in a settings file (`volcast config`), such
        as ``learning_rate=0.003``.

    Returns
    -------
    Run
        The tables, figures and the report of the run.

    Raises
    ------
    ConfigError
        A setting is unknown or breaks its rule, or there is no such stage.
    VolcastError
        The run cannot continue; the folder then holds the results of the stages that finished.

    Examples
    --------
    >>> import tempfile
    >>> import volcast
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     result = volcast.run(folder, until="features", tickers="^GSPC", end="2004-12-31")
    ...     stages = list(result.manifest["stages"])
    >>> stages
    ['download', 'features']
    """
    for stage in (only, until):
        if stage is not None and stage not in BY_NAME:
            raise ConfigError(f"there is no stage {stage}; choose from {', '.join(BY_NAME)}")
    chosen = build_config(settings, config, also=("out", "config", "now", "progress", "until"))
    shown = _choose_progress(progress)
    run_stages(Path(out), chosen, now=read_clock(now), progress=shown, only=only, until=until)
    return Run(Path(out))


def backtest(
    prices: Any,
    out: str | Path | None = None,
    *,
    config: Config | str | Path | None = None,
    ticker: str = UNNAMED,
    now: dt.datetime | None = None,
    progress: Progress | bool = False,
    **settings: Any,
) -> Run:
    """Train and judge on prices: a walk-forward against HAR, GARCH and other baselines.

    Parameters
    ----------
    prices
        From `load_prices`, or what it takes: a pandas frame (long, wide as yfinance returns it, or
        of one ticker) or the path of a file or folder.
    out
        The run folder; None: a temporary one, which is deleted with the result.
    config
        Settings or a settings file; None: the defaults.
    ticker
        The ticker of a frame that names none.
    now
        The clock, with a timezone; None: that of this machine.
    progress
        True shows the progress on standard error.
    **settings
        Settings on top of `config`, each under its name in a settings file (`volcast config`), such
        as ``learning_rate=0.003, batch_size=64, horizons=[1, 5]``.

    Returns
    -------
    Run
        The tables, figures and the report of the run.

    Raises
    ------
    ConfigError
        A setting is unknown or breaks its rule.
    DataError
        The prices cannot be read, or no ticker has enough of them.

    Examples
    --------
    >>> import volcast
    >>> prices = volcast.load_prices(source="sample", tickers=["^GSPC"], end="2004-12-31")
    >>> result = volcast.backtest(prices, horizons=[1], members=1, epochs=2, models=["har"],
    ...     select=["har_1", "har_5", "har_22"], train_sessions=1400, pretrained="none")
    >>> result.verdicts["fold"].tolist()
    [0]
    """
    names = ("prices", "out", "config", "ticker", "now", "progress")
    build_config(settings, config, also=names)  # before any price is read
    folder = Path(tempfile.mkdtemp(prefix="volcast-") if out is None else out)
    moment = read_clock(now)
    place: dict[str, Any]
    if isinstance(prices, str | Path):
        place = {"source": "files", "path": str(prices)}
    else:
        data = {key: value for key, value in settings.items() if SECTION_OF[key] == "data"}
        loaded = (
            prices
            if isinstance(prices, Prices)
            else load_prices(prices, ticker=ticker, now=moment, **data)
        )
        place = {**dict(loaded.config.data), **loaded.store(folder)}
    result = run(folder, config, now=moment, progress=progress, **place | settings)
    if out is None:
        weakref.finalize(result, shutil.rmtree, folder, ignore_errors=True)
    return result


def _choose_progress(progress: Progress | bool) -> Progress:
    if isinstance(progress, Progress):
        return progress
    from rich.console import Console

    return make_progress(Console(stderr=True), quiet=not progress)
