"""What the registry holds during a daily run: champion, newest network and their loaded models."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from volcast.models.baselines.catalogue import NETWORK
from volcast.pipeline.errors import RegistryError
from volcast.pipeline.home import Home
from volcast.pipeline.registry.champion_file import read_champion
from volcast.pipeline.registry.model_folder import StoredModel, load_model, read_tickers
from volcast.pipeline.registry.registry import Registry
from volcast.pipeline.registry.versions import HAR, Version


class RegistryView:
    """The registry's contents, read once and again after each change.

    If the registry cannot be read, the champion is the one recorded in ``champion.json``, or HAR
    without that file; nothing is trained or promoted then.

    Parameters
    ----------
    home
        The home whose registry is read.
    uri
        Another MLflow server or store, if the registry does not lie in the home.

    Attributes
    ----------
    home : Home
        The home.
    champion : Version
        The version whose forecasts are issued.
    newest : Version or None
        The newest network; None if there is none.
    read_error : str or None
        Why the registry cannot be read.
    """

    def __init__(self, home: Home, *, uri: str | None = None) -> None:
        self.home = home
        self._models: dict[int, StoredModel] = {}
        self._networks: list[Version] = []
        self.read_error: str | None = None
        self.champion: Version
        self.newest: Version | None
        self._registry: Registry | None = None
        self._folder: Callable[[Version], Path]
        try:
            self._registry = Registry(home, uri)
            self._folder = self._registry.folder
            self.refresh()
        except RegistryError as error:
            self.read_error = (
                f"the registry cannot be read, so the recorded champion is used: {error}"
            )
            self.champion, self._folder = _read_recorded_champion(home)
            self.newest = self.champion if self.champion.model == NETWORK else None

    @property
    def registry(self) -> Registry:
        """Return the registry; ``RegistryError`` if it cannot be read."""
        if self._registry is None:
            raise RegistryError(self.read_error or "the registry cannot be read")
        return self._registry

    def refresh(self) -> None:
        """Read the registry again."""
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
        """Return the hash of the newest network's model settings; empty if there is no network."""
        return self.newest.facts["recipe"] if self.newest else ""

    @property
    def challenger_numbers(self) -> set[str]:
        """Return the numbers of all networks with the newest's recipe, without the champion's."""
        same = (each for each in self._networks if each.facts["recipe"] == self.recipe)
        return {str(each.number) for each in same if each.number != self.champion.number}

    @property
    def newest_model(self) -> StoredModel | None:
        """Return the newest network; None if there is none, or its folder is damaged."""
        try:
            return self.load(self.newest) if self.newest else None
        except RegistryError:
            return None

    @property
    def newest_tickers(self) -> tuple[str, ...]:
        """Return the newest network's tickers; none if there is no network or it is damaged."""
        try:
            return read_tickers(self._folder(self.newest)) if self.newest else ()
        except RegistryError:
            return ()

    def check_folders(self) -> None:
        """Raise ``RegistryError`` if champion or newest network is not as it was registered."""
        for version in (self.champion, self.newest):
            if version is not None and version.model == NETWORK:
                self._folder(version)

    def load(self, version: Version) -> StoredModel:
        """Return the model of a network's version, loaded once."""
        if version.number not in self._models:
            self._models[version.number] = load_model(self._folder(version))
        return self._models[version.number]


def _read_recorded_champion(home: Home) -> tuple[Version, Callable[[Version], Path]]:
    """Return the champion of ``champion.json``, HAR without that file, and where its folder is."""
    try:
        recorded = read_champion(home)
    except RegistryError:
        recorded = None
    if recorded is None:
        return _build_version(1, HAR, ""), lambda _: home.models
    champion, folder = recorded
    through = load_model(folder).trained_through.isoformat() if champion.model == NETWORK else ""
    return _build_version(champion.version, champion.model, through), lambda _: folder


def _build_version(number: int, model: str, trained_through: str) -> Version:
    facts = dict.fromkeys(("config_hash", "recipe", "registered_at"), "")
    facts |= {"model": model, "trained_through": trained_through}
    return Version(number, ("champion",), facts, {}, {}, "")
