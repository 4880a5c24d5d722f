"""The registry of model versions, kept by MLflow; HAR is always registered, as the fallback."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from functools import cached_property
from pathlib import Path
from typing import Any

from volcast.pipeline.errors import RegistryError
from volcast.pipeline.files import hash_path, write_folder
from volcast.pipeline.home import Home
from volcast.pipeline.registry import mlflow_run, mlflow_store, sqlite_versions
from volcast.pipeline.registry.champion_file import Champion, check_model_folder, write_champion
from volcast.pipeline.registry.mlflow_run import ARTIFACT, TAG
from volcast.pipeline.registry.mlflow_store import explain_errors
from volcast.pipeline.registry.versions import (
    CHALLENGER,
    CHAMPION,
    FALLBACK,
    HAR,
    ChampionChange,
    ModelFacts,
    Version,
)
from volcast.pipeline.version import __version__

NAME = "volcast"  # of MLflow's registered model and of its experiment
MAXIMUM_RUNS = 50_000  # the maximum that MLflow returns at once
MAXIMUM_VERSIONS = 10_000  # the same, of versions
SERVERS = ("http", "databricks")


class Registry:
    """The model versions of one home.

    Opening it creates the store and registers HAR, if that was not done before. The models of
    versions lie under ``HOME/models``; those of another tracking store are fetched when needed.
    What only reads the store of the home does not import MLflow (`sqlite_versions`).

    Parameters
    ----------
    home
        The home folder.
    uri
        MLflow's tracking URI; None: VOLCAST_TRACKING_URI, else SQLite under the home.

    Raises
    ------
    RegistryError
        MLflow is not installed, or its store is missing, in use or not available.
    """

    def __init__(self, home: Home, uri: str | None = None) -> None:
        self.home = home
        self.uri = mlflow_store.resolve_tracking_uri(home, uri)
        self.local = mlflow_store.is_local(home, self.uri)
        if self.local and home.champion.exists() and not home.registry.exists():
            raise RegistryError(
                f"{home.registry} is missing, but {home.champion} shows that there was one; "
                "restore your latest backup, or choose another --home: the numbers of versions "
                "are never reused"
            )
        if self._read_without_mlflow() is None:
            with mlflow_store.lock_store(home), explain_errors(self.uri):
                _ = self._experiment
                self._register_har()

    def register(self, folder: Path, facts: ModelFacts, *, now: dt.datetime | None) -> Version:
        """Register the model in `folder` (`registry.model_folder`); return its version.

        A model whose `facts.key` was registered before is that version. The folder is copied. A
        process killed on the way leaves no version, and the next call starts again.
        """
        registered = next((each for each in self.versions() if each.key == facts.key), None)
        if registered is not None:
            return registered
        tags = {TAG + name: value for name, value in _build_tags(folder, facts, now).items()}
        with explain_errors(self.uri):
            self._discard_unfinished(facts.key)
            name = f"{facts.model} {facts.trained_through or ''}".strip()
            run = self._client.create_run(self._experiment, run_name=name, tags=tags).info
            if self.local:
                mlflow_run.copy_model(self.home, folder, run.run_id)
            else:
                self._client.log_artifacts(run.run_id, str(folder), ARTIFACT)
            timestamp_ms = int(now.timestamp() * 1000) if now else 0
            mlflow_run.log_run(self._client, run.run_id, facts, timestamp_ms)
            self._client.set_terminated(run.run_id)
            source = f"{run.artifact_uri}/{ARTIFACT}"
            created = self._client.create_model_version(NAME, source, run.run_id, tags=tags)
        return self.version(int(created.version))

    def versions(self) -> list[Version]:
        """Return all versions, the newest first."""
        read = self._read_without_mlflow()
        if read is not None:
            return read
        with explain_errors(self.uri):
            runs = {
                run.info.run_id: run.data
                for run in self._client.search_runs([self._experiment], max_results=MAXIMUM_RUNS)
            }
            found = self._client.search_model_versions(
                f"name = '{NAME}'", max_results=MAXIMUM_VERSIONS
            )
            aliases = self._aliases()
        versions = [mlflow_run.read_version(each, runs.get(each.run_id), aliases) for each in found]
        return sorted(versions, key=lambda each: -each.number)

    def version(self, number: int) -> Version:
        """Return the version of that number; ``RegistryError`` if there is none."""
        versions = {each.number: each for each in self.versions()}
        if number not in versions:
            raise RegistryError(
                f"there is no version {number}; choose from {', '.join(map(str, versions))}"
            )
        return versions[number]

    def fallback(self) -> Version:
        """Return HAR's version."""
        return self._versions_with(FALLBACK)[0]

    def champion(self) -> Version:
        """Return the champion, which is HAR until another is promoted; write champion.json."""
        version = (self._versions_with(CHAMPION) or self._versions_with(FALLBACK))[0]
        self._write_champion(version)
        return version

    def challenger(self) -> Version | None:
        """Return the challenger, if there is one."""
        return next(iter(self._versions_with(CHALLENGER)), None)

    def set_challenger(self, version: Version | None) -> None:
        """Make a version the challenger; None leaves no challenger."""
        with explain_errors(self.uri):
            if version is not None:
                self._client.set_registered_model_alias(NAME, CHALLENGER, str(version.number))
            elif CHALLENGER in self._aliases():
                self._client.delete_registered_model_alias(NAME, CHALLENGER)

    def plan_promotion(self, number: int) -> ChampionChange | None:
        """Return the change that promotes a version; None if it is champion already."""
        before, after = self.champion(), self.version(number)
        return None if before.number == after.number else ChampionChange("promote", before, after)

    def plan_rollback(self) -> ChampionChange:
        """Return the change to the version that the champion replaced.

        Raises
        ------
        RegistryError
            There was no champion before.
        """
        before = self.champion()
        replaced = before.facts.get("promoted_over")
        if replaced is None:
            raise RegistryError(
                f"version {before.number} is the first champion: there is no earlier one to roll "
                "back to; choose a version with `volcast models promote`"
            )
        return ChampionChange("rollback", before, self.version(int(replaced)))

    def apply_change(self, change: ChampionChange) -> None:
        """Make `change.after` the champion; `registry.promotion` also writes the reason."""
        after = str(change.after.number)
        with explain_errors(self.uri):
            if change.action != "rollback":  # so that two in a row go back two steps
                replaced = str(change.before.number)
                self._client.set_model_version_tag(NAME, after, f"{TAG}promoted_over", replaced)
            self._client.set_registered_model_alias(NAME, CHAMPION, after)
            if CHALLENGER in change.after.aliases:
                self._client.delete_registered_model_alias(NAME, CHALLENGER)
        self._write_champion(change.after)

    def folder(self, version: Version) -> Path:
        """Return the folder of a version's model, fetched from another store if necessary.

        Raises
        ------
        RegistryError
            The folder is missing, or differs from what was registered.
        """
        folder = mlflow_run.artifact_folder(self.home, version.run)
        if not self.local and not folder.exists():
            folder.parent.mkdir(parents=True, exist_ok=True)
            with explain_errors(self.uri):
                self._client.download_artifacts(version.run, ARTIFACT, str(folder.parent))
        check_model_folder(folder, version.facts["digest"])
        return folder

    def prune(self, keep: int) -> list[int]:
        """Remove all versions except the newest `keep`; return the numbers of those removed.

        Versions with an alias are kept, and the version to which a rollback would return. Forecasts
        of a removed version stay in the ledger, but can no longer be rebuilt.
        """
        if keep < 0:
            raise RegistryError(f"the number of versions to keep must be 0 or more; got {keep}")
        versions = self.versions()
        replaced = self.champion().facts.get("promoted_over")
        removed = [
            each
            for each in versions[keep:]
            if not each.aliases and str(each.number) != replaced and each.model != HAR
        ]
        for version in removed:
            with explain_errors(self.uri):
                self._client.delete_model_version(NAME, str(version.number))
                self._client.delete_run(version.run)
            mlflow_run.remove_model(self.home, version.run)
        return [version.number for version in removed]

    def _read_without_mlflow(self) -> list[Version] | None:
        """Return all versions; None if MLflow has to be asked."""
        return sqlite_versions.read_versions(self.home, NAME) if self.local else None

    @cached_property
    def _client(self) -> Any:
        """MLflow's client, made when it is first needed."""
        with explain_errors(self.uri):
            return mlflow_store.make_client(self.uri)

    @cached_property
    def _experiment(self) -> str:
        """MLflow's experiment, created if missing, with its artefacts under the home.

        A server has its own place for them; without one MLflow would use the working folder.
        """
        place = None if self.uri.startswith(SERVERS) else self.home.models.as_uri()
        found = self._client.get_experiment_by_name(NAME)
        if found is None:
            return str(self._client.create_experiment(NAME, artifact_location=place))
        if self.local and place is not None and found.artifact_location != place:
            mlflow_store.rewrite_artifact_uris(self.home, found.artifact_location, place)
        return str(found.experiment_id)

    def _register_har(self) -> None:
        if not self._client.search_registered_models(f"name = '{NAME}'"):
            self._client.create_registered_model(NAME)
        if FALLBACK in self._aliases():
            return
        folder = self.home.models / ".har"
        write_folder(folder, _write_har)
        version = self.register(folder, ModelFacts(HAR, HAR, parameters={"model": HAR}), now=None)
        shutil.rmtree(folder)
        self._client.set_registered_model_alias(NAME, FALLBACK, str(version.number))

    def _aliases(self) -> dict[str, int]:
        aliases = self._client.get_registered_model(NAME).aliases
        return {alias: int(number) for alias, number in aliases.items()}

    def _versions_with(self, alias: str) -> list[Version]:
        return [each for each in self.versions() if alias in each.aliases]

    def _discard_unfinished(self, key: str) -> None:
        """Remove what a killed registration of the same model left."""
        for run in self._client.search_runs([self._experiment], f"tags.`{TAG}key` = '{key}'"):
            self._client.delete_run(run.info.run_id)
            mlflow_run.remove_model(self.home, run.info.run_id)

    def _write_champion(self, version: Version) -> None:
        folder = mlflow_run.artifact_folder(self.home, version.run).relative_to(self.home.folder)
        digest = version.facts["digest"]
        champion = Champion(version.number, version.model, folder.as_posix(), digest)
        write_champion(self.home, champion)


def _build_tags(folder: Path, facts: ModelFacts, now: dt.datetime | None) -> dict[str, str]:
    return {
        "key": facts.key,
        "model": facts.model,
        "digest": str(hash_path(folder)),
        "data_hash": facts.data_hash,
        "config_hash": facts.config_hash,
        "recipe": facts.recipe,
        "code_version": __version__,
        "registered_at": now.isoformat(timespec="seconds") if now else "",
        "trained_through": facts.trained_through.isoformat() if facts.trained_through else "",
    }


def _write_har(folder: Path) -> None:
    text = json.dumps({"model": HAR, "note": "fitted anew from the bars of each day"}, indent=1)
    (folder / "model.json").write_text(text, encoding="utf-8")
