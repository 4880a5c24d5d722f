"""Who stands where: the champion, the newest network, and their models, loaded once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from volcast.models.baselines.catalogue import NETWORK
from volcast.pipeline.errors import RegistryError
from volcast.pipeline.home import Home
from volcast.pipeline.registry.champion_file import read_champion
from volcast.pipeline.registry.model_folder import StoredModel, load_model
from volcast.pipeline.registry.registry import Registry
from volcast.pipeline.registry.versions import HAR, Version


class RegistryView:
    """What the registry says, asked once and again after each change.

    Where the registry cannot be read, the champion is the one of the note beside it, or HAR;
    nobody is trained or promoted then, and `problem` says why.
    """

    def __init__(self, home: Home, *, uri: str | None = None) -> None:
        self._models: dict[int, StoredModel] = {}
        self._networks: list[Version] = []
        self.problem: str | None = None
        self.champion: Version
        self.newest: Version | None
        self._registry: Registry | None = None
        self._folder: Callable[[Version], Path]
        try:
            self._registry = Registry(home, uri)
            self._folder = self._registry.folder
            self.refresh()
        except RegistryError as error:
            self.problem = f"the registry cannot be read ({error}); the noted champion forecasts"
            self.champion, self._folder = _noted(home)
            self.newest = self.champion if self.champion.model == NETWORK else None

    @property
    def registry(self) -> Registry:
        """Return the registry; ``RegistryError`` where it cannot be read."""
        if self._registry is None:
            raise RegistryError(self.problem or "the registry cannot be read")
        return self._registry

    def refresh(self) -> None:
        """Ask the registry again."""
        self.champion = self.registry.champion()
        self._networks = [each for each in self.registry.versions() if each.model == NETWORK]
        self.newest = self._networks[0] if self._networks else None

    @property
    def challenger(self) -> Version | None:
        """Return the newest network, unless it is the champion."""
        newest = self.newest
        return None if newest is None or newest.number == self.champion.number else newest

    @property
    def recipe(self) -> str:
        """Return the hash of how the newest network was made; empty where there is none."""
        return self.newest.facts["recipe"] if self.newest else ""

    @property
    def line(self) -> set[str]:
        """Return the numbers of the networks, but for the champion, made as the newest was."""
        mine = (each for each in self._networks if each.facts["recipe"] == self.recipe)
        return {str(each.number) for each in mine if each.number != self.champion.number}

    @property
    def newest_model(self) -> StoredModel | None:
        """Return the newest network; None where there is none, or its folder is damaged."""
        try:
            return self.model(self.newest) if self.newest else None
        except RegistryError:
            return None

    def model(self, version: Version) -> StoredModel:
        """Return the model of a network's version."""
        if version.number not in self._models:
            self._models[version.number] = load_model(self._folder(version))
        return self._models[version.number]


def _noted(home: Home) -> tuple[Version, Callable[[Version], Path]]:
    """Return the champion of the note, HAR without one, and where its folder is."""
    try:
        noted = read_champion(home)
    except RegistryError:
        noted = None
    if noted is None:
        return _version(1, HAR, ""), lambda _: home.models
    champion, folder = noted
    through = load_model(folder).trained_through.isoformat() if champion.model == NETWORK else ""
    return _version(champion.version, champion.model, through), lambda _: folder


def _version(number: int, model: str, through: str) -> Version:
    facts = dict.fromkeys(("config_hash", "recipe", "registered_at"), "")
    facts |= {"model": model, "trained_through": through}
    return Version(number, ("champion",), facts, {}, {}, "")
