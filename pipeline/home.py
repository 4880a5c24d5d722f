"""The home folder, which holds everything that the daily job stores."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

HOME_VARIABLE = "VOLCAST_HOME"


@dataclass(frozen=True)
class Home:
    """Where each part of the state is; nothing is created until it is written.

    Examples
    --------
    >>> Home(Path("/srv/volcast")).ledger.name
    'ledger.db'
    """

    folder: Path

    @property
    def ledger(self) -> Path:
        """The file of forecasts, outcomes, decisions and alerts."""
        return self.folder / "ledger.db"

    @property
    def head(self) -> Path:
        """The file with the ledger's last row."""
        return self.folder / "head.json"

    @property
    def timestamps(self) -> Path:
        """The folder of time-stamp requests and responses."""
        return self.folder / "timestamps"

    @property
    def registry(self) -> Path:
        """MLflow's store of model versions."""
        return self.folder / "registry.db"

    @property
    def models(self) -> Path:
        """The folder with a folder for each model version."""
        return self.folder / "models"

    @property
    def champion(self) -> Path:
        """The file that says which version is champion, read without MLflow."""
        return self.folder / "champion.json"

    @property
    def last_run(self) -> Path:
        """The file that says on what the last daily run depended."""
        return self.folder / "last_run.json"

    @property
    def bars(self) -> Path:
        """The folder of stored bars."""
        return self.folder / "bars"

    @property
    def settings(self) -> Path:
        """The folder with the settings of every daily run, each under its hash."""
        return self.folder / "settings"

    @property
    def reserve(self) -> Path:
        """A file that reserves disk space for the forecasts."""
        return self.folder / ".reserve"

    @property
    def reports(self) -> Path:
        """The folder of daily reports, one folder for each date."""
        return self.folder / "reports"


def resolve_home(chosen: Path | None = None) -> Home:
    """Return the chosen home, else that of VOLCAST_HOME, else the user's data folder.

    Examples
    --------
    >>> resolve_home(Path("/srv/volcast")).folder.as_posix()
    '/srv/volcast'
    """
    folder = chosen or os.environ.get(HOME_VARIABLE)
    if folder:
        return Home(Path(folder).expanduser().absolute())
    import platformdirs

    return Home(platformdirs.user_data_path("volcast"))
