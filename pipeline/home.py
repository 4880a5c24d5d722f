"""The home folder: everything that a scheduled job keeps lies under it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

HOME_VARIABLE = "VOLCAST_HOME"


@dataclass(frozen=True)
class Home:
    """Where each part of the state lies; nothing is made until it is written."""

    folder: Path

    @property
    def ledger(self) -> Path:
        """The file of forecasts, outcomes, decisions and alerts."""
        return self.folder / "ledger.db"

    @property
    def head(self) -> Path:
        """The note of the ledger's last row."""
        return self.folder / "head.json"

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
        """The note of which version is champion, for whom MLflow cannot be asked."""
        return self.folder / "champion.json"

    @property
    def bars(self) -> Path:
        """The folder of stored prices."""
        return self.folder / "bars"

    @property
    def settings(self) -> Path:
        """The folder with the settings of every evening, each under its hash."""
        return self.folder / "settings"

    @property
    def reserve(self) -> Path:
        """A file of no content that keeps room on the disk for the forecasts."""
        return self.folder / ".reserve"

    @property
    def reports(self) -> Path:
        """The folder of reports by date."""
        return self.folder / "reports"


def resolve_home(chosen: Path | None = None) -> Home:
    """Return the chosen folder, else that of VOLCAST_HOME, else the user's data folder."""
    named = chosen or os.environ.get(HOME_VARIABLE)
    if named:
        return Home(Path(named).expanduser().absolute())
    import platformdirs

    return Home(platformdirs.user_data_path("volcast"))
