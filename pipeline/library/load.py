"""What is there already: a run folder, the home of a job, or a server."""

from __future__ import annotations

from pathlib import Path

from volcast.pipeline.backtest.run_folder import CONFIG
from volcast.pipeline.errors import ConfigError, RunFolderError
from volcast.pipeline.home import Home
from volcast.pipeline.library.home_result import JobHome
from volcast.pipeline.library.run_result import Run
from volcast.pipeline.library.server_result import Server

ADDRESS = ("http://", "https://")


def load(place: str | Path) -> Run | JobHome | Server:
    """Return what a folder or a server holds: a run, or what a scheduled job has issued.

    Parameters
    ----------
    place
        The folder that ``volcast run --out`` wrote, or that ``volcast retrain --home`` uses; or the
        address of ``volcast serve``, such as ``http://127.0.0.1:8000``, which is only read.

    Returns
    -------
    Run, JobHome or Server
        Its tables are read when they are first used.

    Raises
    ------
    ConfigError
        It is neither a path nor the address of a server.
    DataError
        The server does not answer.
    RunFolderError
        The folder is neither.

    Examples
    --------
    >>> import volcast
    >>> volcast.load("no-such-folder")
    Traceback (most recent call last):
        ...
    volcast.pipeline.errors.RunFolderError: no-such-folder is neither a run folder (it has no \
config.toml) nor the home of a job (it has no ledger.db); create one with `volcast run` or \
`volcast retrain`
    """
    if not isinstance(place, str | Path):
        raise ConfigError(
            "place must be the path of a run folder or of a home, or the address of a server; got "
            f"{place!r}"
        )
    if str(place).startswith(ADDRESS):
        return Server(str(place).rstrip("/"))
    if isinstance(place, str) and "://" in place:
        raise ConfigError(f"an address begins with {' or '.join(ADDRESS)}; got {place}")
    folder = Path(place)
    home = Home(folder)
    if home.ledger.is_file():  # a home has a file of settings, too
        return JobHome(folder)
    if (folder / CONFIG).is_file():
        return Run(folder)
    raise RunFolderError(
        f"{folder} is neither a run folder (it has no {CONFIG}) nor the home of a job (it has no "
        f"{home.ledger.name}); create one with `volcast run` or `volcast retrain`"
    )
