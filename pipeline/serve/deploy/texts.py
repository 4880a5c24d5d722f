"""The texts for systemd, Docker Compose and Grafana, for a home."""

from __future__ import annotations

import string
import sys
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

UNIT, COMPOSE, DASHBOARD = "volcast-serve.service", "compose.yaml", "grafana.json"


@dataclass(frozen=True)
class Service:
    """What a unit starts.

    Attributes
    ----------
    home
        The home that is served.
    options
        Options of `volcast serve`, without the home.
    user
        Who runs it.
    python
        The interpreter in which volcast is installed.
    """

    home: Path
    options: tuple[str, ...] = ()
    user: str = "volcast"
    python: str = sys.executable

    @property
    def command(self) -> list[str]:
        """Return the command as a list of words."""
        return [self.python, "-m", "volcast", "serve", "--home", str(self.home), *self.options]


def format_unit(service: Service) -> dict[str, str]:
    """Return the unit of systemd by file name; it may write to the home and nowhere else."""
    from volcast.pipeline.schedule.units import quote_for_unit

    values = {
        "command": " ".join(quote_for_unit(word) for word in service.command),
        "home": quote_for_unit(str(service.home)),
        "user": service.user,
    }
    return {UNIT: _Template(_read(UNIT)).substitute(values)}


def format_compose() -> dict[str, str]:
    """Return the file of Docker Compose by name: the job and the server, on one volume."""
    return {COMPOSE: _read(COMPOSE)}


def format_dashboard() -> dict[str, str]:
    """Return the dashboard of Grafana by file name."""
    return {DASHBOARD: _read(DASHBOARD)}


class _Template(string.Template):
    """A text with placeholders such as ``@@{home}``: systemd uses $ and %."""

    delimiter = "@@"


def _read(name: str) -> str:
    return resources.files(__package__).joinpath("templates", name).read_text(encoding="utf-8")
