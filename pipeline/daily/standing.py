"""Who stands where: the champion, the newest network, and their models, loaded once."""

from __future__ import annotations

from models.catalogue import NETWORK
from pipeline.model_folder import StoredModel, load_model
from pipeline.registry import Registry
from pipeline.versions import Version


class Standing:
    """What the registry says, asked once and again after each change."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self._models: dict[int, StoredModel] = {}
        self.refresh()

    def refresh(self) -> None:
        """Ask the registry again."""
        self.champion: Version = self.registry.champion()
        networks = [each for each in self.registry.versions() if each.model == NETWORK]
        self.newest: Version | None = networks[0] if networks else None

    @property
    def challenger(self) -> Version | None:
        """Return the newest network, unless it is the champion."""
        newest = self.newest
        return None if newest is None or newest.number == self.champion.number else newest

    def model(self, version: Version) -> StoredModel:
        """Return the model of a network's version."""
        if version.number not in self._models:
            self._models[version.number] = load_model(self.registry.folder(version))
        return self._models[version.number]
